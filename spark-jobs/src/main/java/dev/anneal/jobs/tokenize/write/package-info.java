/** The second Spark job: plans of shards, and the tasks that write them. */
package dev.anneal.jobs.tokenize.write;
