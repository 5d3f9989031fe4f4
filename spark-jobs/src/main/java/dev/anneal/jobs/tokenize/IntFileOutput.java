package dev.anneal.jobs.tokenize;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Writes little-endian int32 values. Confined to one thread; the stream belongs to the caller. */
final class IntFileOutput {
  private final OutputStream out;
  private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

  IntFileOutput(OutputStream out) {
    this.out = out;
  }

  void write(int[] values) throws IOException {
    int written = 0;
    while (written < values.length) {
      int count = Math.min(values.length - written, buffer.remaining() / Integer.BYTES);
      buffer.asIntBuffer().put(values, written, count);
      buffer.position(buffer.position() + count * Integer.BYTES);
      written += count;
      if (!buffer.hasRemaining()) {
        flush();
      }
    }
  }

  void flush() throws IOException {
    out.write(buffer.array(), 0, buffer.position());
    buffer.clear();
  }
}
