package dev.anneal.core.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One record batch of a mapped file, whose buffers are read where they lie, or of one that is read
 * by ranges. Immutable and thread-safe; a mapping lives as long as a view refers to it.
 */
final class RecordBatchView {
  private final Body body;
  private final RecordBatchIndex index;

  /** The bytes of a batch's body. */
  interface Body {
    /** A view or a copy of some of them. */
    ByteBuffer slice(int start, int length);
  }

  RecordBatchView(Body body, RecordBatchIndex index) {
    this.body = body;
    this.index = index;
  }

  int rows() {
    return index.rows();
  }

  long length(int node) {
    return index.nodeLengths()[node];
  }

  long nullCount(int node) {
    return index.nullCounts()[node];
  }

  /** Whether the element has a value: an absent bitmap means that all have. */
  boolean isValid(int buffer, int node, long element) {
    if (index.nullCounts()[node] == 0 || index.bufferLengths()[buffer] == 0) {
      return true;
    }
    int bits = values(buffer, element >> 3, 1).get(0);
    return (bits >> (element & 7) & 1) != 0;
  }

  /** A little-endian view of part of a buffer. */
  ByteBuffer values(int buffer, long offset, long length) {
    long start = index.bufferOffsets()[buffer] + offset;
    if (length == 0) {
      return ByteBuffer.allocate(0);
    }
    if (offset < 0 || offset + length > index.bufferLengths()[buffer]) {
      throw new IllegalArgumentException(
          "bytes " + offset + ".." + (offset + length) + " lie outside their buffer");
    }
    return body.slice((int) start, (int) length).order(ByteOrder.LITTLE_ENDIAN);
  }
}
