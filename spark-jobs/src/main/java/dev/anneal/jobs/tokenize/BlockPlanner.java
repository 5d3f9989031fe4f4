package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.TokenizeConfig;
import dev.anneal.core.data.ShardColumns;
import dev.anneal.data.pack.BlockPlan;
import dev.anneal.data.shard.ShardFolderWriter;
import java.util.ArrayList;
import java.util.List;

/** Plans the shards of a token stream. Pure arithmetic. */
final class BlockPlanner {
  private BlockPlanner() {}

  /** How the stream of all staged tokens is cut. */
  static BlockPlan blocks(TokenizeConfig config, List<StagedSplit> staged) {
    long tokens = staged.stream().mapToLong(split -> split.counts().tokens()).sum();
    BlockPlan.Tail tail =
        switch (config.tail()) {
          case KEEP -> BlockPlan.Tail.KEEP;
          case DROP -> BlockPlan.Tail.DROP;
        };
    return new BlockPlan(tokens, config.blockSize(), tail);
  }

  static List<ShardPlan> plan(TokenizeConfig config, BlockPlan blocks, List<StagedSplit> staged) {
    ShardColumns columns = new ShardColumns(false, false, config.attentionMask());
    long shardRows = Math.max(1, (long) config.shardMb() * (1 << 18) / config.blockSize());
    int shards = Math.toIntExact((blocks.rows() + shardRows - 1) / shardRows);
    List<ShardPlan> plans = new ArrayList<>();
    int file = 0;
    long before = 0; // tokens in the files before this one
    for (int i = 0; i < shards; i++) {
      long first = i * shardRows * config.blockSize();
      long end =
          i == shards - 1
              ? blocks.tokens() - blocks.droppedTokens()
              : first + shardRows * config.blockSize();
      while (before + staged.get(file).counts().tokens() <= first) {
        before += staged.get(file++).counts().tokens();
      }
      List<StagedFile> files = new ArrayList<>();
      long covered = before;
      for (int at = file; covered < end; at++) {
        StagedSplit split = staged.get(at);
        files.add(new StagedFile(split.path(), split.counts().tokens()));
        covered += split.counts().tokens();
      }
      String name = ShardFolderWriter.shardName(i, shards);
      plans.add(
          new BlockShard(name, columns, files, first - before, end - first, config.blockSize()));
    }
    return plans;
  }
}
