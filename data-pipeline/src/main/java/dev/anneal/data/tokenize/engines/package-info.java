/** Opens a tokenizer by the first engine that takes its files and agrees with the library. */
package dev.anneal.data.tokenize.engines;
