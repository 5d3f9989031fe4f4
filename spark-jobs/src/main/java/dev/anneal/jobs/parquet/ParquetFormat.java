package dev.anneal.jobs.parquet;

import dev.anneal.core.data.ShardColumns;
import dev.anneal.data.shard.RowFormat;
import dev.anneal.data.shard.RowSink;
import dev.anneal.data.shard.ShardPlace;
import java.io.IOException;

/**
 * Parquet files with the rows and columns of the Arrow shards: lists of 32-bit integers as Spark,
 * pyarrow and datasets write them, compressed with zstd.
 */
public record ParquetFormat(ShardColumns columns) implements RowFormat {
  @Override
  public String name() {
    return "parquet";
  }

  @Override
  public RowSink open(ShardPlace place) throws IOException {
    return new ParquetSink(place, name() + "/data-" + place.number() + ".parquet", columns);
  }
}
