package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.TokenizeConfig;
import dev.anneal.data.shard.DocumentFormat;
import java.util.ArrayList;
import java.util.List;

/** Plans the shards of whole documents, all of them, whatever the tail of the rows. Arithmetic. */
final class DocumentPlanner {
  private DocumentPlanner() {}

  static List<ShardPlan> plan(
      TokenizeConfig config, DocumentFormat format, List<StagedSplit> staged, boolean labels) {
    long left = staged.stream().mapToLong(split -> split.counts().tokens()).sum();
    long shardTokens = (long) config.shardMb() << 18;
    int shards = Math.toIntExact((left + shardTokens - 1) / shardTokens);
    StagedRun.Cutter runs = new StagedRun.Cutter(staged);
    List<ShardPlan> plans = new ArrayList<>();
    for (int i = 0; i < shards; i++) {
      long tokens = (left + shards - i - 1) / (shards - i);
      StagedRun run = runs.next(tokens);
      plans.add(new DocumentShard(format, i, shards, run.files(), run.skip(), tokens, labels));
      left -= tokens;
    }
    return plans;
  }
}
