package dev.anneal.data.text;

import java.util.Arrays;

/** A set of longs by open addressing, at most half full: 16 to 32 bytes each. Not thread-safe. */
public final class LongSet {
  private long[] slots = new long[64];
  private int size;
  private boolean hasZero;

  /** Whether the value was not in it. */
  public boolean add(long value) {
    if (value == 0) {
      boolean added = !hasZero;
      hasZero = true;
      return added;
    }
    int at = slot(slots, value);
    if (slots[at] == value) {
      return false;
    }
    slots[at] = value;
    if (++size > slots.length / 2) {
      grow();
    }
    return true;
  }

  public int size() {
    return size + (hasZero ? 1 : 0);
  }

  /** The values in ascending order. */
  public long[] sorted() {
    long[] values = new long[size()];
    int at = hasZero ? 1 : 0;
    for (long value : slots) {
      if (value != 0) {
        values[at++] = value;
      }
    }
    Arrays.sort(values);
    return values;
  }

  private void grow() {
    if (slots.length == 1 << 30) {
      throw new IllegalStateException("a set of longs holds at most 2^29 values");
    }
    long[] larger = new long[2 * slots.length];
    for (long value : slots) {
      if (value != 0) {
        larger[slot(larger, value)] = value;
      }
    }
    slots = larger;
  }

  private static int slot(long[] slots, long value) {
    int mask = slots.length - 1;
    int at = (int) NGrams.mixed(value) & mask;
    while (slots[at] != 0 && slots[at] != value) {
      at = (at + 1) & mask;
    }
    return at;
  }
}
