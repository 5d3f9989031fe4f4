package dev.anneal.jobs.tokenize.staging;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** Reads what {@link DocumentIndexOutput} wrote. Confined to one thread; owns its stream. */
public final class DocumentIndexInput implements AutoCloseable {
  private final InputStream in;
  private final byte[] buffer = new byte[1 << 13];
  private int next;
  private int filled;
  private int slice;
  private long row;

  public DocumentIndexInput(InputStream in) {
    this.in = in;
  }

  /** The next document, or empty after the last one. */
  public Optional<StagedDocument> next() throws IOException {
    if (!fill()) {
      return Optional.empty();
    }
    int sliceStep = (int) number();
    long rowStep = number();
    slice += sliceStep;
    row = sliceStep == 0 ? row + rowStep : rowStep;
    return Optional.of(new StagedDocument(slice, row, number()));
  }

  private long number() throws IOException {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      if (!fill()) {
        throw new IOException("Cannot read a staged document index: it ends inside a document");
      }
      byte part = buffer[next++];
      value |= (part & 0x7FL) << shift;
      if (part >= 0) {
        return value;
      }
    }
  }

  private boolean fill() throws IOException {
    if (next == filled) {
      next = 0;
      filled = Math.max(0, in.read(buffer, 0, buffer.length));
    }
    return filled > 0;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
