package dev.anneal.data.shard;

import java.io.IOException;

/** A format whose unit is the row: a block of at most {@code block_size} tokens. */
public non-sealed interface RowFormat extends ShardFormat {
  /** Starts a shard; its files are created through the place. */
  RowSink open(ShardPlace place) throws IOException;
}
