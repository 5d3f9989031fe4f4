/** Rows of ids as Parquet, which needs Hadoop's classes and so cannot stand in data-pipeline. */
package dev.anneal.jobs.parquet;
