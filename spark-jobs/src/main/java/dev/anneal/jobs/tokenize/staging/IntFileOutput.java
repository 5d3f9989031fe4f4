package dev.anneal.jobs.tokenize.staging;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;

/** Writes little-endian int32 values. Confined to one thread; the stream belongs to the caller. */
public final class IntFileOutput {
  private static final int BUFFER_INTS = 1 << 16;

  private final OutputStream out;
  private final byte[] bytes = new byte[BUFFER_INTS * Integer.BYTES];
  private final IntBuffer buffer =
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();

  public IntFileOutput(OutputStream out) {
    this.out = out;
  }

  public void write(int[] values) throws IOException {
    write(values, values.length);
  }

  /** Writes the first {@code count} values. */
  public void write(int[] values, int count) throws IOException {
    int written = 0;
    while (written < count) {
      int part = Math.min(count - written, buffer.remaining());
      buffer.put(values, written, part);
      written += part;
      if (!buffer.hasRemaining()) {
        flush();
      }
    }
  }

  /** Whether this many values would make it write. */
  boolean isFullWith(int count) {
    return count >= buffer.remaining();
  }

  public void flush() throws IOException {
    out.write(bytes, 0, buffer.position() * Integer.BYTES);
    buffer.clear();
  }
}
