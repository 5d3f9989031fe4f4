/** Rows in MosaicML's streaming format: {@code .mds} shards and their {@code index.json}. */
package dev.anneal.data.shard.mds;
