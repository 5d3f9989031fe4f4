/** A row to the ids and labels of its samples. */
package dev.anneal.jobs.tokenize.encode;
