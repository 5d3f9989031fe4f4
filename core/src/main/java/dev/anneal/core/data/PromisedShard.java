package dev.anneal.core.data;

import java.util.List;
import java.util.Optional;

/**
 * What a manifest says of a shard before it is there. Immutable.
 *
 * @param file its size, hash and counts
 * @param columns that it has
 * @param blockSize the most tokens of a row, 0 where the manifest doesn't say
 */
record PromisedShard(ShardManifest.Shard file, List<String> columns, int blockSize) {

  static Optional<PromisedShard> of(Optional<ShardManifest> manifest, int index) {
    return manifest.map(
        made -> new PromisedShard(made.shards().get(index), made.columns(), blockSize(made)));
  }

  private static int blockSize(ShardManifest manifest) {
    String size = manifest.origin().options().getOrDefault("block_size", "");
    return size.matches("[1-9]\\d{0,8}") ? Integer.parseInt(size) : 0;
  }

  /**
   * The length of every row, where the sums prove that all are full; 0 where they don't. No row is
   * longer than the block size, so rows can only add up to the most if each is full.
   */
  int uniformLength() {
    return file.counts().tokens() == file.counts().rows() * blockSize ? blockSize : 0;
  }
}
