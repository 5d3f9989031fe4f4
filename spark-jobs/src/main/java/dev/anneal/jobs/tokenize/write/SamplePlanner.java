package dev.anneal.jobs.tokenize.write;

import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.pack.PackedRow;
import dev.anneal.data.pack.RowPacker;
import dev.anneal.data.shard.RowFormat;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import java.util.ArrayList;
import java.util.List;

/**
 * Plans the shards of samples: packs them in windows of a fixed number of samples, in order, and
 * fills shard after shard. Pure arithmetic over lengths.
 */
final class SamplePlanner {
  private static final int WINDOW_SAMPLES = 1 << 16;

  private final RowPacker packer;
  private final long shardBytes;
  private final SampleIndex samples;
  private final List<SampleShardBuilder> shards = new ArrayList<>();
  private long openBytes;

  private SamplePlanner(RowPacker packer, long shardBytes, SampleIndex samples) {
    this.packer = packer;
    this.shardBytes = shardBytes;
    this.samples = samples;
  }

  static List<ShardPlan> plan(TokenizeConfig config, RowFormat format, List<StagedSplit> staged) {
    RowPacker packer = RowPacker.of(config.packing(), config.blockSize());
    SamplePlanner planner =
        new SamplePlanner(packer, (long) config.shardMb() << 20, new SampleIndex(staged));
    planner.fill();
    List<ShardPlan> plans = new ArrayList<>();
    int count = planner.shards.size();
    for (int i = 0; i < count; i++) {
      plans.add(planner.shards.get(i).build(format, i, count, packer.keepsBoundaries()));
    }
    return plans;
  }

  private void fill() {
    for (int first = 0; first < samples.count(); first += WINDOW_SAMPLES) {
      int size = Math.min(WINDOW_SAMPLES, samples.count() - first);
      for (PackedRow row : packer.pack(samples.lengths(first, size))) {
        add(first, row);
      }
    }
  }

  private void add(int first, PackedRow row) {
    long bytes = 2L * Integer.BYTES * row.length();
    if (shards.isEmpty() || openBytes + bytes > shardBytes) {
      shards.add(new SampleShardBuilder(samples));
      openBytes = 0;
    }
    openBytes += bytes;
    shards.get(shards.size() - 1).add(first, row);
  }
}
