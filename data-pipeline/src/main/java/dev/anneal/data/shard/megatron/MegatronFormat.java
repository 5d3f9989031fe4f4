package dev.anneal.data.shard.megatron;

import dev.anneal.data.shard.DocumentFormat;
import dev.anneal.data.shard.DocumentSink;
import dev.anneal.data.shard.IdWidth;
import dev.anneal.data.shard.ShardPlace;

/**
 * Megatron-LM's {@code IndexedDataset}: a {@code .bin} and an {@code .idx} for each shard, one
 * sequence a document. It has no place for labels, so it is for documents only.
 */
public record MegatronFormat(IdWidth width) implements DocumentFormat {
  @Override
  public String name() {
    return "megatron";
  }

  @Override
  public DocumentSink open(ShardPlace place) {
    return new MegatronSink(place.files(), name() + "/data-" + place.number(), width);
  }
}
