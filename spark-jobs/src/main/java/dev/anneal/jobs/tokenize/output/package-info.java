/** The folder that is written, and the sets of a corpus. */
package dev.anneal.jobs.tokenize.output;
