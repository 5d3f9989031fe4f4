package dev.anneal.data.shard;

/**
 * Which shard of how many a sink writes, and where its files go.
 *
 * @param index from 0
 * @param count shards of this format in the run
 */
public record ShardPlace(int index, int count, ShardFileCreator files) {
  public ShardPlace {
    if (index < 0 || index >= count) {
      throw new IllegalArgumentException(
          "Invalid shard: " + index + " (must be in [0, " + count + "))");
    }
  }

  /** The shard's number in the form that datasets gives it, such as {@code 00000-of-00004}. */
  public String number() {
    return String.format("%05d-of-%05d", index, count);
  }
}
