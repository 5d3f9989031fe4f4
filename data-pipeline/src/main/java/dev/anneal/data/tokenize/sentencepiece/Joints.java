package dev.anneal.data.tokenize.sentencepiece;

import java.util.Arrays;

/**
 * The pairs of neighbouring characters that a merge can bring together: the last one of some
 * merge's left part, the first one of its right part. Between any other two no merge ever crosses,
 * so a text may be cut there. Built by one thread; immutable after.
 */
final class Joints {
  private static final int ASCII = 128;
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;
  private static final int CODE_POINT_BITS = 21;

  /** For each left character a flag a right character. */
  private final boolean[] ascii = new boolean[ASCII * ASCII];

  /** Left and right code point in one long, open addressing; 0 is empty. */
  private long[] slots = new long[1 << 10];

  private int size;

  void add(int left, int right) {
    if (left < ASCII && right < ASCII) {
      ascii[left * ASCII + right] = true;
    }
    long pair = pair(left, right);
    int at = find(slots, pair);
    if (slots[at] == 0) {
      slots[at] = pair;
      size++;
      if (2 * size > slots.length) {
        grow();
      }
    }
  }

  /** For two ASCII characters. */
  boolean joinsAscii(int left, int right) {
    return ascii[left * ASCII + right];
  }

  boolean joins(int left, int right) {
    return slots[find(slots, pair(left, right))] != 0;
  }

  int size() {
    return size;
  }

  private void grow() {
    long[] wider = new long[2 * slots.length];
    Arrays.stream(slots).filter(pair -> pair != 0).forEach(p -> wider[find(wider, p)] = p);
    slots = wider;
  }

  /** The lowest bit keeps a pair of two zero characters from looking empty. */
  private static long pair(int left, int right) {
    return ((long) left << CODE_POINT_BITS | right) << 1 | 1;
  }

  private static int find(long[] slots, long pair) {
    int at = (int) (pair * GOLDEN >>> Integer.SIZE) & slots.length - 1;
    while (slots[at] != 0 && slots[at] != pair) {
      at = at + 1 & slots.length - 1;
    }
    return at;
  }
}
