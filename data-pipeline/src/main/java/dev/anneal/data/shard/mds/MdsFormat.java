package dev.anneal.data.shard.mds;

import dev.anneal.core.data.ShardColumns;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.shard.LittleEndianFile;
import dev.anneal.data.shard.RowFormat;
import dev.anneal.data.shard.RowSink;
import dev.anneal.data.shard.ShardFileCreator;
import dev.anneal.data.shard.ShardPlace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * MosaicML streaming's MDS shards and their {@code index.json}.
 *
 * @param limitBytes most bytes of a file, unless one row is larger
 */
public record MdsFormat(ShardColumns columns, long limitBytes) implements RowFormat {
  static final String NAME = "mds";

  // The default of MosaicML's writer: readers fetch a shard as a whole.
  private static final long MAX_FILE_BYTES = 1L << 26;

  public MdsFormat {
    if (limitBytes <= 0) {
      throw new IllegalArgumentException("Invalid size limit: " + limitBytes + " (must be > 0)");
    }
    limitBytes = Math.min(limitBytes, MAX_FILE_BYTES);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public RowSink open(ShardPlace place) {
    return new MdsSink(place.files(), place.index(), this);
  }

  /** Writes {@code index.json}, by which readers find the shards, their rows and hashes. */
  @Override
  public List<ShardManifest.Shard> complete(
      ShardFileCreator files, List<ShardManifest.Shard> shards) throws IOException {
    MdsSettings settings = new MdsSettings(columns, limitBytes);
    List<String> entries = new ArrayList<>();
    for (ShardManifest.Shard shard : shards) {
      entries.add(settings.indexEntry(shard));
    }
    LittleEndianFile index = LittleEndianFile.create(files, NAME + "/index.json");
    index.text("{\"shards\": [" + String.join(", ", entries) + "], \"version\": 2}");
    List<ShardManifest.Shard> all = new ArrayList<>(shards);
    all.add(index.finish(ShardManifest.Counts.ZERO));
    return all;
  }
}
