/** How good a model is: loss on shards, and answers that must match. */
package dev.anneal.jobs.evaluate;
