package dev.anneal.jobs.tokenize.write;

import dev.anneal.data.shard.ShardFormat;
import java.io.Serializable;

/** What one output shard holds and where it is staged; plans follow from counts alone. */
public sealed interface ShardPlan extends Serializable
    permits BlockShard, SampleShard, DocumentShard {
  /** What writes it. */
  ShardFormat format();

  /** Which shard of its format it is, from 0. */
  int index();

  /** Shards of its format. */
  int count();
}
