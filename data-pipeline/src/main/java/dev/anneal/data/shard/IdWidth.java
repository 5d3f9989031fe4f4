package dev.anneal.data.shard;

/** How many bytes an id takes where a format leaves the choice. Thread-safe. */
public enum IdWidth {
  /** Unsigned, for vocabularies of at most 65,536 ids. */
  UINT16(2),
  /** Four bytes; ids are never negative, so that signed and unsigned readers agree. */
  INT32(4);

  private static final int UINT16_IDS = 1 << 16;

  private final int bytes;

  IdWidth(int bytes) {
    this.bytes = bytes;
  }

  /** The narrowest width that holds every id of a vocabulary. */
  public static IdWidth of(int vocabularySize) {
    if (vocabularySize <= 0) {
      throw new IllegalArgumentException(
          "Invalid vocabulary size: " + vocabularySize + " (must be > 0)");
    }
    return vocabularySize <= UINT16_IDS ? UINT16 : INT32;
  }

  public int bytes() {
    return bytes;
  }

  /** Refuses an id that these bytes cannot hold. */
  void require(int id) {
    if (id < 0 || (this == UINT16 && id >= UINT16_IDS)) {
      throw new IllegalArgumentException(
          "Invalid id: " + id + " (must be " + (this == UINT16 ? "in [0, 65536)" : ">= 0") + ")");
    }
  }
}
