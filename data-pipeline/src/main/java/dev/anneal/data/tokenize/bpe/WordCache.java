package dev.anneal.data.tokenize.bpe;

/**
 * The ids of words seen lately: an exact, fixed-size cache without objects. Each word of up to 15
 * bytes and 6 ids has a bucket of two entries; the older one makes room. An entry is four longs:
 * the two keys of {@link WordKeys}, then six ids of 20 bits and their number. Confined to one
 * thread.
 */
public final class WordCache {
  public static final int MAX_IDS = 6;

  private static final int ENTRY = 4;
  private static final int BUCKET = 2 * ENTRY;
  private static final int DEFAULT_BUCKET_BITS = 13;
  private static final int ID_BITS = 20;
  private static final int ID_MASK = (1 << ID_BITS) - 1;
  private static final int IDS_A_LONG = 3;
  private static final int COUNT_SHIFT = IDS_A_LONG * ID_BITS;

  private final long[] entries;
  private final int hashShift;

  WordCache() {
    this(DEFAULT_BUCKET_BITS);
  }

  /**
   * @param bucketBits the cache has 2 to this power buckets of 64 bytes
   */
  public WordCache(int bucketBits) {
    entries = new long[BUCKET << bucketBits];
    hashShift = Long.SIZE - bucketBits;
  }

  /** Where the ids of a word are, or -1. */
  public int find(long first, long second) {
    int at = bucket(first, second);
    if (entries[at] == first && entries[at + 1] == second) {
      return at;
    }
    at += ENTRY;
    return entries[at] == first && entries[at + 1] == second ? at : -1;
  }

  /** How many ids a found word has. */
  public int count(int found) {
    return (int) (entries[found + 3] >>> COUNT_SHIFT);
  }

  /** The first id of a found word. */
  public int firstId(int found) {
    return (int) entries[found + 2] & ID_MASK;
  }

  /** Copies all ids of a found word. */
  void copy(int found, int[] ids, int at) {
    long bits = entries[found + 2];
    int count = count(found);
    for (int i = 0; i < count; i++) {
      if (i == IDS_A_LONG) {
        bits = entries[found + 3];
      }
      ids[at + i] = (int) bits & ID_MASK;
      bits >>>= ID_BITS;
    }
  }

  /** Remembers a word of up to {@link #MAX_IDS} ids. */
  public void put(long first, long second, int[] ids, int from, int count) {
    int at = bucket(first, second);
    System.arraycopy(entries, at, entries, at + ENTRY, ENTRY);
    entries[at] = first;
    entries[at + 1] = second;
    entries[at + 2] = packed(ids, from, Math.min(count, IDS_A_LONG));
    entries[at + 3] =
        (long) count << COUNT_SHIFT | packed(ids, from + IDS_A_LONG, count - IDS_A_LONG);
  }

  private static long packed(int[] ids, int from, int count) {
    long bits = 0;
    for (int i = count - 1; i >= 0; i--) {
      bits = bits << ID_BITS | ids[from + i];
    }
    return bits;
  }

  private int bucket(long first, long second) {
    return (int) (WordKeys.quickHash(first, second) >>> hashShift) * BUCKET;
  }
}
