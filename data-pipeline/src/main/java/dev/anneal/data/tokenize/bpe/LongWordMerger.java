package dev.anneal.data.tokenize.bpe;

import java.util.Arrays;

/**
 * Merges a word of any length in O(n log n): pairs wait in a binary heap, ordered by rank, then by
 * position; symbols are a linked list. A pair whose symbols have changed since is recognised when
 * it is taken: its rank is no longer that of the symbols there. Confined to one thread.
 */
final class LongWordMerger {
  private static final int INITIAL = 256;
  private static final int GONE = -1;

  private final MergeTable merges;
  private int[] next = new int[INITIAL];
  private int[] previous = new int[INITIAL];
  private long[] heap = new long[INITIAL];
  private int heapSize;

  LongWordMerger(MergeTable merges) {
    this.merges = merges;
  }

  /** Merges the first ids of the array in place; returns how many are left. */
  int merge(int[] ids, int length) {
    link(length);
    for (int i = 0; i + 1 < length; i++) {
      append(ids, i, i + 1);
    }
    for (int i = heapSize / 2 - 1; i >= 0; i--) {
      siftDown(i);
    }
    while (heapSize > 0) {
      long top = removeTop();
      int left = (int) top;
      int rank = (int) (top >>> Integer.SIZE);
      if (ids[left] != GONE && next[left] < length && current(ids, left) == rank) {
        mergeAt(ids, left, rank, length);
      }
    }
    int count = 0;
    for (int i = 0; i < length; i = next[i]) {
      ids[count++] = ids[i];
    }
    return count;
  }

  void trim() {
    next = new int[INITIAL];
    previous = new int[INITIAL];
    heap = new long[INITIAL];
  }

  private void link(int length) {
    if (next.length < length) {
      next = new int[length];
      previous = new int[length];
    }
    for (int i = 0; i < length; i++) {
      next[i] = i + 1;
      previous[i] = i - 1;
    }
    heapSize = 0;
  }

  private int current(int[] ids, int left) {
    return merges.rank(ids[left], ids[next[left]]);
  }

  private void mergeAt(int[] ids, int left, int rank, int length) {
    int right = next[left];
    ids[left] = merges.merged(rank);
    ids[right] = GONE;
    next[left] = next[right];
    if (next[left] < length) {
      previous[next[left]] = left;
      append(ids, left, next[left]);
      siftUp();
    }
    if (previous[left] >= 0) {
      append(ids, previous[left], left);
      siftUp();
    }
  }

  /** Puts a pair that merges at the heap's end, where {@link #siftUp} finds it. */
  private void append(int[] ids, int left, int right) {
    int rank = merges.rank(ids[left], ids[right]);
    if (rank == MergeTable.NONE) {
      return;
    }
    if (heapSize == heap.length) {
      heap = Arrays.copyOf(heap, heapSize * 2);
    }
    heap[heapSize++] = (long) rank << Integer.SIZE | left;
  }

  private long removeTop() {
    long top = heap[0];
    heap[0] = heap[--heapSize];
    siftDown(0);
    return top;
  }

  private void siftUp() {
    int at = heapSize - 1;
    if (at < 0) {
      return;
    }
    long value = heap[at];
    while (at > 0 && heap[at - 1 >>> 1] > value) {
      heap[at] = heap[at - 1 >>> 1];
      at = at - 1 >>> 1;
    }
    heap[at] = value;
  }

  private void siftDown(int from) {
    int at = from;
    long value = heap[at];
    while (2 * at + 1 < heapSize) {
      int child = 2 * at + 1;
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= value) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = value;
  }
}
