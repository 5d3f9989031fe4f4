/**
 * Tokenized splits on their way to shards: files, markers, and what of them a later run takes over.
 */
package dev.anneal.jobs.tokenize.staging;
