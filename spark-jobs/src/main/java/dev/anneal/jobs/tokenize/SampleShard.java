package dev.anneal.jobs.tokenize;

import dev.anneal.core.data.ShardColumns;
import java.util.List;

/**
 * A shard of rows made of pieces of samples.
 *
 * @param paths the staged files that the pieces lie in
 * @param rowPieces number of pieces of each row
 * @param pieces the pieces of all rows, one after another
 */
record SampleShard(
    String name, ShardColumns columns, List<String> paths, int[] rowPieces, StagedPieces pieces)
    implements ShardPlan {
  SampleShard {
    paths = List.copyOf(paths);
  }
}
