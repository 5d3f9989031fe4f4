/** Documents in datatrove's token files: {@code .ds} with its index, loss mask and metadata. */
package dev.anneal.data.shard.datatrove;
