/** Steps before tokenizing, as functions of Datasets and as the decisions of the tokenize job. */
package dev.anneal.jobs.prepare;
