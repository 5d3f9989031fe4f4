package dev.anneal.data.text;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.Normalizer;

/**
 * What two documents share when their texts are the same but for Unicode form and white space: the
 * first 128 bits of the SHA-256 of the text in form NFC, each run of white space one space, none at
 * the ends. Immutable.
 */
public record ContentHash(long high, long low) implements Serializable {
  private static final double TWO_TO_53 = 1L << 53;

  public static ContentHash of(String text) {
    ByteBuffer digest =
        ByteBuffer.wrap(sha256().digest(normal(text).getBytes(StandardCharsets.UTF_8)));
    return new ContentHash(digest.getLong(), digest.getLong());
  }

  /** The text that is hashed. */
  public static String normal(String text) {
    String composed =
        Normalizer.isNormalized(text, Normalizer.Form.NFC)
            ? text
            : Normalizer.normalize(text, Normalizer.Form.NFC);
    StringBuilder normal = new StringBuilder(composed.length());
    boolean space = false;
    for (int i = 0; i < composed.length(); i++) {
      char unit = composed.charAt(i); // no white space lies outside the first plane
      if (unit <= ' ' || (unit >= 0x80 && Words.isSpace(unit))) {
        space = true;
        continue;
      }
      if (space && !normal.isEmpty()) {
        normal.append(' ');
      }
      space = false;
      normal.append(unit);
    }
    return normal.toString();
  }

  /** The 16 bytes of the hash. */
  public byte[] bytes() {
    return ByteBuffer.allocate(2 * Long.BYTES).putLong(high).putLong(low).array();
  }

  /** A number in [0, 1) that depends on the text alone. */
  public double fraction() {
    return (high >>> 11) / TWO_TO_53;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
