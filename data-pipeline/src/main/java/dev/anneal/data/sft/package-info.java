/** Instruction rows of the usual shapes to token rows with the assistant's part as target. */
package dev.anneal.data.sft;
