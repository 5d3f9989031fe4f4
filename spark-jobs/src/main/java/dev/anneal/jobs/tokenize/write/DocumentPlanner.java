package dev.anneal.jobs.tokenize.write;

import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.shard.DocumentFormat;
import dev.anneal.jobs.tokenize.staging.StagedRun;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import java.util.ArrayList;
import java.util.List;

/** Plans the shards of whole documents, all of them, whatever the tail of the rows. Arithmetic. */
public final class DocumentPlanner {
  private DocumentPlanner() {}

  public static List<ShardPlan> plan(
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
