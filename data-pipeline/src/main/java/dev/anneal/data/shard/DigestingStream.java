package dev.anneal.data.shard;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A buffered stream that counts and hashes what passes. Closing it is left to the owner below. */
final class DigestingStream extends OutputStream {
  private final MessageDigest digest;
  private final OutputStream out;
  private long bytes;

  DigestingStream(OutputStream target) {
    try {
      this.digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    this.out = new BufferedOutputStream(new DigestOutputStream(target, digest), 1 << 16);
  }

  @Override
  public void write(int value) throws IOException {
    out.write(value);
    bytes++;
  }

  @Override
  public void write(byte[] source, int offset, int length) throws IOException {
    out.write(source, offset, length);
    bytes += length;
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  long bytes() {
    return bytes;
  }

  /** The hash of all bytes so far, in hex; call once, after a flush. */
  String sha256() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
