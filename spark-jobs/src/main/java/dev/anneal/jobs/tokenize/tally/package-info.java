/** What is counted while tokenizing: rows, samples, drops, times. */
package dev.anneal.jobs.tokenize.tally;
