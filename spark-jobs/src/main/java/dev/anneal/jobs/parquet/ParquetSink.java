package dev.anneal.jobs.parquet;

import dev.anneal.core.data.ShardColumns;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.TokenRow;
import dev.anneal.data.shard.LittleEndianFile;
import dev.anneal.data.shard.RowSink;
import dev.anneal.data.shard.ShardPlace;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;

/**
 * One Parquet file. Row groups are cut by what they hold, so that the same rows give the same
 * bytes; one of them is held in memory. Confined to one thread.
 */
final class ParquetSink implements RowSink {
  private static final long ROW_GROUP_BYTES = 16L << 20;

  private final LittleEndianFile file;
  private final ParquetWriter<TokenRow> writer;
  private ShardManifest.Counts counts = ShardManifest.Counts.ZERO;

  ParquetSink(ShardPlace place, String name, ShardColumns columns) throws IOException {
    this.file = LittleEndianFile.create(place.files(), name);
    this.writer = new Builder(new ParquetOutput(file.stream()), columns).build();
  }

  @Override
  public void write(TokenRow row) throws IOException {
    writer.write(row);
    counts = counts.plus(ShardManifest.Counts.of(row));
  }

  @Override
  public List<ShardManifest.Shard> finish() throws IOException {
    writer.close();
    return List.of(file.finish(counts));
  }

  /** The library's settings: nothing comes from Hadoop's configuration files. */
  private static final class Builder extends ParquetWriter.Builder<TokenRow, Builder> {
    private final ShardColumns columns;

    Builder(OutputFile out, ShardColumns columns) {
      super(out);
      this.columns = columns;
      withConf(new Configuration(false));
      withCompressionCodec(CompressionCodecName.ZSTD);
      withRowGroupSize(ROW_GROUP_BYTES);
    }

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    protected WriteSupport<TokenRow> getWriteSupport(Configuration configuration) {
      return new TokenRowSupport(columns);
    }
  }
}
