package dev.anneal.jobs.tokenize.staging;

import java.io.IOException;
import java.io.OutputStream;

/**
 * Writes where the documents of a staged file end and where each came from, about four bytes a
 * document: three numbers of 7 bits a byte, low bits first, the high bit set where more follow.
 * They are the slice less the slice before, the row in its slice less the row before (or itself in
 * a new slice), and the tokens. Confined to one thread; the stream belongs to the caller.
 */
public final class DocumentIndexOutput {
  private final OutputStream out;
  private final byte[] buffer = new byte[1 << 13];
  private int filled;
  private int slice;
  private long row;

  public DocumentIndexOutput(OutputStream out) {
    this.out = out;
  }

  public void write(StagedDocument document) throws IOException {
    if (filled > buffer.length - 30) {
      flush();
    }
    number(document.slice() - slice);
    number(document.slice() == slice ? document.row() - row : document.row());
    number(document.tokens());
    slice = document.slice();
    row = document.row();
  }

  private void number(long value) {
    if (value < 0) {
      throw new IllegalArgumentException("Invalid document: it comes before its neighbour");
    }
    long rest = value;
    while (rest > 0x7F) {
      buffer[filled++] = (byte) (0x80 | rest);
      rest >>>= 7;
    }
    buffer[filled++] = (byte) rest;
  }

  public void flush() throws IOException {
    out.write(buffer, 0, filled);
    filled = 0;
  }
}
