/** What the transformers run in their tasks. */
package dev.anneal.spark.ml.task;
