package dev.anneal.jobs.read;

import dev.anneal.core.format.FormatException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * What a decoder gives. Whatever it finds wrong is the data's fault, a {@link FormatException} that
 * names the compression; a failure of the store below it stays one. Confined to one thread.
 */
final class DecodedStream extends FilterInputStream {
  private final String label;

  /**
   * @param label the compression
   */
  DecodedStream(InputStream in, String label) {
    super(in);
    this.label = label;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    int count = read(one, 0, 1);
    return count < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] bytes, int start, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    try {
      int count = in.read(bytes, start, length);
      while (count == 0) {
        count = in.read(bytes, start, length);
      }
      return count;
    } catch (SourceStream.StoreException e) {
      throw e.getCause();
    } catch (IOException | RuntimeException e) {
      throw damaged(label, e);
    }
  }

  static FormatException damaged(String label, Exception e) {
    String reason = e.getMessage() == null ? "it ends too early" : e.getMessage();
    return new FormatException("damaged " + label + " data: " + reason, e);
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}
