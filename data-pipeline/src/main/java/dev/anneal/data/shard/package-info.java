/**
 * Writes rows of ids in the layout that {@code datasets.load_from_disk} and {@link
 * dev.anneal.core.data.ShardSet} open; the same rows give the same bytes.
 */
package dev.anneal.data.shard;
