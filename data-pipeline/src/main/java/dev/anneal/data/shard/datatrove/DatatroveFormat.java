package dev.anneal.data.shard.datatrove;

import dev.anneal.data.shard.DocumentFormat;
import dev.anneal.data.shard.DocumentSink;
import dev.anneal.data.shard.IdWidth;
import dev.anneal.data.shard.ShardPlace;

/**
 * datatrove's token files: {@code .ds} and its companions for each shard.
 *
 * @param loss whether documents have labels of their own, so that a {@code .ds.loss} says which
 *     tokens are targets
 * @param tokenizer its name in the metadata, where {@code |} and control characters become {@code
 *     _}: they end the name
 */
public record DatatroveFormat(IdWidth width, boolean loss, String tokenizer)
    implements DocumentFormat {
  public DatatroveFormat {
    tokenizer = tokenizer.replaceAll("[|\\p{Cntrl}]", "_");
  }

  @Override
  public String name() {
    return "datatrove";
  }

  @Override
  public DocumentSink open(ShardPlace place) {
    return new DatatroveSink(place.files(), name() + "/data-" + place.number() + ".ds", this);
  }
}
