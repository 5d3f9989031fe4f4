package dev.anneal.data.dedup;

import dev.anneal.data.text.NGrams;
import java.util.Arrays;

/**
 * Connected components of documents that are near duplicates of each other: the least id of each
 * stands for it. 16 to 48 bytes a document that is in a pair; others take nothing. Not thread-safe.
 */
public final class Components {
  private static final long FREE = Long.MIN_VALUE;

  private final long maxDocuments;
  private long[] ids = filled(1024);
  private int[] next = new int[1024]; // slot of a document with a smaller or equal id
  private int size;

  /**
   * @param maxDocuments in pairs, so that memory is bounded
   */
  public Components(long maxDocuments) {
    this.maxDocuments = maxDocuments;
  }

  /** Bytes for a number of documents at the worst moment, while the table grows. */
  public static long bytes(long documents) {
    return 72 * documents;
  }

  /** Puts two documents into one component; false when that would be too many documents. */
  public boolean join(long one, long two) {
    if (size + 2L > maxDocuments) {
      return false;
    }
    ensureRoom();
    int a = root(slotOf(one));
    int b = root(slotOf(two));
    if (ids[a] < ids[b]) {
      next[b] = a;
    } else {
      next[a] = b;
    }
    return true;
  }

  /** Documents that were joined with others. */
  public int size() {
    return size;
  }

  /** Every document but the least of each component, in ascending order. */
  public long[] others() {
    long[] others = new long[size];
    int count = 0;
    for (int slot = 0; slot < ids.length; slot++) {
      if (ids[slot] != FREE && root(slot) != slot) {
        others[count++] = ids[slot];
      }
    }
    long[] sorted = Arrays.copyOf(others, count);
    Arrays.sort(sorted);
    return sorted;
  }

  private int root(int slot) {
    int at = slot;
    while (next[at] != at) {
      next[at] = next[next[at]];
      at = next[at];
    }
    return at;
  }

  private int slotOf(long id) {
    int mask = ids.length - 1;
    int at = (int) NGrams.mixed(id) & mask;
    while (ids[at] != id) {
      if (ids[at] == FREE) {
        ids[at] = id;
        next[at] = at;
        size++;
        return at;
      }
      at = (at + 1) & mask;
    }
    return at;
  }

  /** Room for two more documents, at most three quarters full. */
  private void ensureRoom() {
    if (4L * (size + 2) <= 3L * ids.length) {
      return;
    }
    long[] oldIds = ids;
    int[] oldNext = next;
    ids = filled(2 * oldIds.length);
    next = new int[ids.length];
    size = 0;
    for (int slot = 0; slot < oldIds.length; slot++) {
      if (oldIds[slot] != FREE) {
        int at = slotOf(oldIds[slot]);
        next[at] = slotOf(oldIds[oldNext[slot]]);
      }
    }
  }

  private static long[] filled(int length) {
    long[] slots = new long[length];
    Arrays.fill(slots, FREE);
    return slots;
  }
}
