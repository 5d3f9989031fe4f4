/** The training library: no Spark, no Hadoop, no Scala. */
package dev.anneal.core;
