package dev.anneal.jobs.tokenize.staging;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Reads little-endian int32 values. Confined to one thread; owns its stream. */
public final class IntFileInput implements AutoCloseable {
  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];

  public IntFileInput(InputStream in) {
    this.in = in;
  }

  /** Fills part of an array; a file that ends early is an error. */
  public void read(int[] target, int offset, int count) throws IOException {
    int done = 0;
    while (done < count) {
      int chunk = Math.min(count - done, buffer.length / Integer.BYTES);
      int bytes = in.readNBytes(buffer, 0, chunk * Integer.BYTES);
      if (bytes < chunk * Integer.BYTES) {
        throw new IOException("Cannot read a staged file: it is shorter than it was");
      }
      ByteBuffer.wrap(buffer)
          .order(ByteOrder.LITTLE_ENDIAN)
          .asIntBuffer()
          .get(target, offset + done, chunk);
      done += chunk;
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
