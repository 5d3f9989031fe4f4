package dev.anneal.jobs.tokenize.write;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.ShardColumns;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.pack.BlockPlan;
import dev.anneal.data.pack.RowPacker;
import dev.anneal.data.shard.DocumentFormat;
import dev.anneal.data.shard.RowFormat;
import dev.anneal.data.shard.ShardFormat;
import dev.anneal.jobs.tokenize.encode.EncoderPlan;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import java.util.ArrayList;
import java.util.List;

/**
 * The shards to write, in all formats.
 *
 * @param formats in the order of the settings
 * @param columns of rows
 * @param droppedTokens tokens that no row holds
 */
public record ShardPlans(
    List<ShardFormat> formats, List<ShardPlan> plans, ShardColumns columns, long droppedTokens) {

  public static ShardPlans of(
      TokenizeConfig config, EncoderPlan encoder, List<StagedSplit> staged) {
    boolean labels = encoder.hasLabels();
    boolean boundaries =
        labels && RowPacker.of(config.packing(), config.blockSize()).keepsBoundaries();
    ShardColumns columns = new ShardColumns(labels, boundaries, config.attentionMask());
    List<ShardFormat> formats = OutputFormats.of(config, encoder, columns);
    BlockPlan blocks = BlockPlanner.blocks(config, staged);
    if (!labels && formats.stream().anyMatch(RowFormat.class::isInstance)) {
      requireRows(blocks, config);
    }
    List<ShardPlan> plans = new ArrayList<>();
    for (ShardFormat format : formats) {
      if (format instanceof DocumentFormat documents) {
        plans.addAll(DocumentPlanner.plan(config, documents, staged, labels));
      } else if (labels) {
        plans.addAll(SamplePlanner.plan(config, (RowFormat) format, staged));
      } else {
        plans.addAll(BlockPlanner.plan(config, (RowFormat) format, blocks, staged));
      }
    }
    return new ShardPlans(formats, plans, columns, labels ? 0 : blocks.droppedTokens());
  }

  private static void requireRows(BlockPlan blocks, TokenizeConfig config) {
    if (blocks.rows() == 0) {
      throw new ConfigException(
          "Invalid tokenize.tail: drop (the corpus has %d tokens, fewer than block_size %d)"
              .formatted(blocks.tokens(), config.blockSize()));
    }
  }
}
