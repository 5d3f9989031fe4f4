package dev.anneal.core.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A running SHA-256, and the lower-case hex form in which manifests hold it. One thread; the static
 * methods are thread-safe.
 */
public final class Sha256 {
  private static final int BUFFER_BYTES = 1 << 18;

  private final MessageDigest digest;

  public Sha256() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Cannot hash: this Java has no SHA-256", e);
    }
  }

  public static String of(byte[] bytes) {
    Sha256 sha = new Sha256();
    sha.update(bytes, 0, bytes.length);
    return sha.hex();
  }

  /** Hashes the rest of a stream and leaves it open. */
  public static String of(InputStream in) throws IOException {
    Sha256 sha = new Sha256();
    byte[] buffer = new byte[BUFFER_BYTES];
    for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
      sha.update(buffer, 0, read);
    }
    return sha.hex();
  }

  public static String of(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return of(in);
    }
  }

  public void update(byte[] bytes, int offset, int length) {
    digest.update(bytes, offset, length);
  }

  /** Takes the buffer's remaining bytes; its position does not move. */
  public void update(ByteBuffer bytes) {
    digest.update(bytes.duplicate());
  }

  /** The hash of everything so far; starts anew afterwards. */
  public String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
