package dev.anneal.jobs.tokenize;

import dev.anneal.data.shard.RowFormat;
import java.util.List;

/**
 * A shard of blocks: a run of the token stream, cut every {@code blockSize}.
 *
 * @param files the staged files that hold the run, in order
 * @param skip tokens of the first file that come before the run
 * @param tokens length of the run
 */
record BlockShard(
    RowFormat format,
    int index,
    int count,
    List<StagedFile> files,
    long skip,
    long tokens,
    int blockSize)
    implements ShardPlan {
  BlockShard {
    files = List.copyOf(files);
  }
}
