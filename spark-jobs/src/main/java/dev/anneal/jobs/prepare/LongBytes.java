package dev.anneal.jobs.prepare;

import java.nio.ByteBuffer;
import java.nio.LongBuffer;

/** Arrays of longs as bytes: the form in which sets of n-grams travel. Stateless. */
final class LongBytes {
  private LongBytes() {}

  static byte[] of(long[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Long.BYTES);
    bytes.asLongBuffer().put(values);
    return bytes.array();
  }

  static long[] longs(byte[] bytes) {
    LongBuffer buffer = ByteBuffer.wrap(bytes).asLongBuffer();
    long[] values = new long[buffer.remaining()];
    buffer.get(values);
    return values;
  }
}
