/** Tokenizer folders on their way from the driver to the tasks of the executors. */
package dev.anneal.jobs.tokenizer;
