package dev.anneal.jobs.tokenize.staging;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;

/** The documents of a staged file as bytes, one by one. Confined to one thread; owns its files. */
public final class StagedRows implements Iterator<byte[]>, AutoCloseable {
  private final InputStream ids;
  private final DocumentIndexInput index;
  private final int columns;
  private Optional<StagedDocument> next = Optional.empty();
  private boolean ended;

  /**
   * @param columns runs of as many values as the document has tokens: ids, and labels where it has
   *     some
   */
  public StagedRows(InputStream ids, DocumentIndexInput index, int columns) {
    this.ids = ids;
    this.index = index;
    this.columns = columns;
  }

  @Override
  public boolean hasNext() {
    if (next.isEmpty() && !ended) {
      try {
        next = index.next();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      ended = next.isEmpty();
    }
    return next.isPresent();
  }

  @Override
  public byte[] next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    long length = next.get().tokens() * columns * Integer.BYTES;
    if (length > Integer.MAX_VALUE - 16) {
      throw new IllegalStateException(
          "Cannot shuffle a document of " + next.get().tokens() + " tokens: it is too long");
    }
    next = Optional.empty();
    try {
      byte[] bytes = ids.readNBytes((int) length);
      if (bytes.length < length) {
        throw new IOException("Cannot read a staged file: it is shorter than it was");
      }
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try (InputStream one = ids;
        DocumentIndexInput two = index) {
      ended = true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
