/** The first Spark job: splits to staged ids. */
package dev.anneal.jobs.tokenize.map;
