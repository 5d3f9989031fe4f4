package dev.anneal.jobs.tokenize;

import dev.anneal.core.data.ShardColumns;
import java.io.Serializable;

/** What one output shard holds and where it is staged; plans follow from counts alone. */
sealed interface ShardPlan extends Serializable permits BlockShard, SampleShard {
  /** File name of the shard. */
  String name();

  ShardColumns columns();
}
