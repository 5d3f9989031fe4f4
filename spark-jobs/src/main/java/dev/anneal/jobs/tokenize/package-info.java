/**
 * The tokenize job: corpora to shards. Phase one tokenizes splits of the inputs in parallel into
 * staged files; phase two cuts shards out of them at offsets that follow from counts alone. Both
 * are plain Spark maps over plans made by the driver, so the bytes do not depend on the executors.
 */
package dev.anneal.jobs.tokenize;
