package dev.anneal.jobs.tokenize.write;

import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.pack.BlockPlan;
import dev.anneal.data.shard.RowFormat;
import dev.anneal.jobs.tokenize.staging.StagedRun;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import java.util.ArrayList;
import java.util.List;

/** Plans the shards of a token stream. Pure arithmetic. */
public final class BlockPlanner {
  private BlockPlanner() {}

  /** How the stream of all staged tokens is cut. */
  public static BlockPlan blocks(TokenizeConfig config, List<StagedSplit> staged) {
    long tokens = staged.stream().mapToLong(split -> split.counts().tokens()).sum();
    BlockPlan.Tail tail =
        switch (config.tail()) {
          case KEEP -> BlockPlan.Tail.KEEP;
          case DROP -> BlockPlan.Tail.DROP;
        };
    return new BlockPlan(tokens, config.blockSize(), tail);
  }

  /** As few shards as the size allows, of equal numbers of rows or one more, for even tasks. */
  public static List<ShardPlan> plan(
      TokenizeConfig config, RowFormat format, BlockPlan blocks, List<StagedSplit> staged) {
    long shardRows = Math.max(1, (long) config.shardMb() * (1 << 18) / config.blockSize());
    int shards = Math.toIntExact((blocks.rows() + shardRows - 1) / shardRows);
    StagedRun.Cutter runs = new StagedRun.Cutter(staged);
    List<ShardPlan> plans = new ArrayList<>();
    long left = blocks.tokens() - blocks.droppedTokens();
    for (int i = 0; i < shards; i++) {
      long rows = blocks.rows() / shards + (i < blocks.rows() % shards ? 1 : 0);
      long tokens = Math.min(left, rows * config.blockSize());
      StagedRun run = runs.next(tokens);
      plans.add(
          new BlockShard(format, i, shards, run.files(), run.skip(), tokens, config.blockSize()));
      left -= tokens;
    }
    return plans;
  }
}
