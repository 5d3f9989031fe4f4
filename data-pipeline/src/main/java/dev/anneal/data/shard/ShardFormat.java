package dev.anneal.data.shard;

import dev.anneal.core.data.ShardManifest;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;

/**
 * A form in which tokens are written, made on the driver with everything it needs to know and sent
 * to executors. A run may write several: each has its own shards, planned by tokens alone, and one
 * task writes one shard of one format. Which tokens a shard holds is the engine's business; a
 * format names the shard's files and opens a sink for it. Implementations are immutable and
 * serializable, and the same rows or documents give the same bytes.
 *
 * <p>A {@link RowFormat} gets rows as the trainer reads them: blocks of the stream, or packed
 * samples. A {@link DocumentFormat} gets each document or sample whole.
 */
public sealed interface ShardFormat extends Serializable permits RowFormat, DocumentFormat {
  /** As the settings and the manifest write it, for example {@code arrow}. */
  String name();

  /**
   * What the folder needs beside the shards, such as an index of them all; called on the driver
   * once every shard is written.
   *
   * @param shards the files of all shards, in order
   * @return those files and the ones added
   */
  default List<ShardManifest.Shard> complete(
      ShardFileCreator files, List<ShardManifest.Shard> shards) throws IOException {
    return shards;
  }
}
