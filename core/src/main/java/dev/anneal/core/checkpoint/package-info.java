/**
 * Checkpoints: what ranks write, how the driver commits it, and how any world size reads it back.
 * The layout is described in docs/formats/checkpoint.md.
 */
package dev.anneal.core.checkpoint;
