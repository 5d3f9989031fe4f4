/** The inputs of a corpus: files, splits, slices, and the rows in them. */
package dev.anneal.jobs.corpus;
