/**
 * Spark ML transformers over the tokenizers and chat templates of Hugging Face folders: a public
 * interface, for Scala, Java and (through py4j) Python. Names, setters and column types of the text
 * classes are those of the DJL Spark extension. Params, {@code setX} and {@code getX} follow Spark
 * ML's conventions instead of this project's, and what is wrong with a setting or a column is an
 * {@link java.lang.IllegalArgumentException}, as Spark ML throws and PySpark shows in one line.
 *
 * <p>Every class persists alone or in a {@code Pipeline}. A tokenizer's folder is read on the
 * driver and travels once to each executor, where all tasks share one opened tokenizer.
 */
package dev.anneal.spark.ml;
