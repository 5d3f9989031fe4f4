package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.CollectiveException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/** Several byte arrays as one: each with its length before it. */
final class Payloads {
  private Payloads() {}

  static byte[] join(byte[][] parts) {
    int size = 0;
    for (byte[] part : parts) {
      size += Integer.BYTES + part.length;
    }
    ByteBuffer joined = ByteBuffer.allocate(size);
    for (byte[] part : parts) {
      joined.putInt(part.length).put(part);
    }
    return joined.array();
  }

  static byte[][] split(byte[] joined, int count) {
    ByteBuffer buffer = ByteBuffer.wrap(joined);
    byte[][] parts = new byte[count][];
    try {
      for (int i = 0; i < count; i++) {
        int length = buffer.getInt();
        if (length < 0 || length > buffer.remaining()) {
          throw new CollectiveException("Invalid part of " + length + " bytes");
        }
        parts[i] = new byte[length];
        buffer.get(parts[i]);
      }
    } catch (BufferUnderflowException e) {
      throw new CollectiveException("Cannot read the parts of " + count + " ranks: too short", e);
    }
    return parts;
  }
}
