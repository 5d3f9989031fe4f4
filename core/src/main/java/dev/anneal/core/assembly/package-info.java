/**
 * A base model with its adapter method and trained values in flat buffers: what training, scoring,
 * generation and export open.
 */
package dev.anneal.core.assembly;
