package dev.anneal.data.shard;

import dev.anneal.core.io.Sha256;
import java.io.IOException;
import java.io.OutputStream;

/** A buffered stream that counts and hashes what passes. The stream below belongs to its owner. */
final class DigestingStream extends OutputStream {
  private final Sha256 digest = new Sha256();
  private final byte[] buffer = new byte[1 << 16];
  private final OutputStream out;
  private int buffered;
  private long bytes;

  DigestingStream(OutputStream out) {
    this.out = out;
  }

  @Override
  public void write(int value) throws IOException {
    if (buffered == buffer.length) {
      drain();
    }
    buffer[buffered++] = (byte) value;
  }

  @Override
  public void write(byte[] source, int offset, int length) throws IOException {
    if (length > buffer.length - buffered) {
      drain();
    }
    if (length > buffer.length) {
      pass(source, offset, length);
      return;
    }
    System.arraycopy(source, offset, buffer, buffered, length);
    buffered += length;
  }

  @Override
  public void flush() throws IOException {
    drain();
    out.flush();
  }

  private void drain() throws IOException {
    pass(buffer, 0, buffered);
    buffered = 0;
  }

  private void pass(byte[] source, int offset, int length) throws IOException {
    digest.update(source, offset, length);
    out.write(source, offset, length);
    bytes += length;
  }

  /** Bytes that left the buffer; all of them after a flush. */
  long bytes() {
    return bytes;
  }

  /** The hash of those bytes, in hex; call once. */
  String sha256() {
    return digest.hex();
  }
}
