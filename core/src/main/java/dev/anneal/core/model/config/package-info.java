/**
 * config.json as records: families, rotary embeddings, the names and shapes of weights. Arithmetic
 * alone.
 */
package dev.anneal.core.model.config;
