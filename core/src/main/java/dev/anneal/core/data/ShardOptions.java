package dev.anneal.core.data;

/**
 * How shard folders are opened.
 *
 * @param vocabularySize ids must lie in [0, vocabularySize)
 * @param allowForeign also accept {@code save_to_disk} folders without our manifest
 * @param verifyChecksums read every shard once and compare its sha256 with the manifest's; sizes
 *     are always compared
 */
public record ShardOptions(int vocabularySize, boolean allowForeign, boolean verifyChecksums) {
  public ShardOptions {
    if (vocabularySize <= 0) {
      throw new IllegalArgumentException(
          "Invalid vocabulary size: " + vocabularySize + " (must be > 0)");
    }
  }

  /** Our own folders only, sizes compared. */
  public static ShardOptions of(int vocabularySize) {
    return new ShardOptions(vocabularySize, false, false);
  }

  public ShardOptions withForeign() {
    return new ShardOptions(vocabularySize, true, verifyChecksums);
  }

  public ShardOptions withChecksums() {
    return new ShardOptions(vocabularySize, allowForeign, true);
  }
}
