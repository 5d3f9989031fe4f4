/** Files through Spark's Hadoop: HDFS, object stores, local folders. */
package dev.anneal.jobs.io;
