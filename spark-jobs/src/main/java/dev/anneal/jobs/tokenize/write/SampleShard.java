package dev.anneal.jobs.tokenize.write;

import dev.anneal.data.shard.RowFormat;
import java.util.List;

/**
 * A shard of rows made of pieces of samples.
 *
 * @param boundaries whether each piece is a sequence of its own in the row
 * @param paths the staged files that the pieces lie in
 * @param rowPieces number of pieces of each row
 * @param pieces the pieces of all rows, one after another
 */
record SampleShard(
    RowFormat format,
    int index,
    int count,
    boolean boundaries,
    List<String> paths,
    int[] rowPieces,
    StagedPieces pieces)
    implements ShardPlan {
  SampleShard {
    paths = List.copyOf(paths);
  }
}
