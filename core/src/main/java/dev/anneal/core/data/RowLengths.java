package dev.anneal.core.data;

import java.nio.IntBuffer;

/** Tokens of the rows of one shard. Immutable. */
interface RowLengths {
  int of(long row);

  /** All rows alike. */
  static RowLengths uniform(int length) {
    return row -> length;
  }

  /** One number a row, perhaps of a mapped file. */
  static RowLengths of(IntBuffer lengths) {
    return row -> lengths.get(Math.toIntExact(row));
  }
}
