package dev.anneal.jobs.read;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * The bytes of a file as the store gives them, for a decoder: a failure of the store is told from
 * what the decoder finds wrong in them. Confined to one thread; closing closes the file.
 */
final class SourceStream extends FilterInputStream {

  /** The store's failure, on its way through a decoder. */
  static final class StoreException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    StoreException(IOException cause) {
      super(cause);
    }
  }

  SourceStream(InputStream in) {
    super(in);
  }

  @Override
  public int read() throws IOException {
    try {
      return in.read();
    } catch (IOException e) {
      throw new StoreException(e);
    }
  }

  @Override
  public int read(byte[] bytes, int start, int length) throws IOException {
    try {
      return in.read(bytes, start, length);
    } catch (IOException e) {
      throw new StoreException(e);
    }
  }

  @Override
  public long skip(long count) throws IOException {
    try {
      return in.skip(count);
    } catch (IOException e) {
      throw new StoreException(e);
    }
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}
