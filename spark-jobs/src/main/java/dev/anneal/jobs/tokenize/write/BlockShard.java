package dev.anneal.jobs.tokenize.write;

import dev.anneal.data.shard.RowFormat;
import dev.anneal.jobs.tokenize.staging.StagedFile;
import java.util.List;

/**
 * A shard of blocks: a run of the token stream, cut every {@code blockSize}.
 *
 * @param files the staged files that hold the run, in order
 * @param skip tokens of the first file that come before the run
 * @param tokens length of the run
 */
public record BlockShard(
    RowFormat format,
    int index,
    int count,
    List<StagedFile> files,
    long skip,
    long tokens,
    int blockSize)
    implements ShardPlan {
  public BlockShard {
    files = List.copyOf(files);
  }
}
