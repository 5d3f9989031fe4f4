package dev.anneal.core.net;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The key of one attempt, by HKDF-SHA256 (RFC 5869) from the secret with run id and attempt as
 * context, and the proofs made with it. Immutable.
 */
final class LinkKeys {
  static final int PROOF_BYTES = 32;
  private static final String HMAC = "HmacSHA256";
  private static final byte[] SALT = "anneal link v1".getBytes(StandardCharsets.US_ASCII);

  private final byte[] key;

  private LinkKeys(byte[] key) {
    this.key = key;
  }

  static LinkKeys of(GroupIdentity identity) {
    byte[] pseudoRandomKey = hmac(SALT, identity.secret().getBytes(StandardCharsets.UTF_8));
    byte[] runId = identity.runId().getBytes(StandardCharsets.UTF_8);
    ByteBuffer info = ByteBuffer.allocate(runId.length + 2 * Integer.BYTES + 1);
    info.putInt(runId.length).put(runId).putInt(identity.attempt()).put((byte) 1);
    return new LinkKeys(hmac(pseudoRandomKey, info.array()));
  }

  /** What only a holder of the secret can say about this hello and this nonce, one text a role. */
  byte[] proof(String role, byte[] hello, byte[] nonce) {
    byte[] name = role.getBytes(StandardCharsets.US_ASCII);
    ByteBuffer transcript = ByteBuffer.allocate(name.length + hello.length + nonce.length);
    transcript.put(name).put(hello).put(nonce);
    return hmac(key, transcript.array());
  }

  /** The public name of a run on the wire. */
  static byte[] runDigest(String runId) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(runId.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This JVM has no SHA-256", e);
    }
  }

  private static byte[] hmac(byte[] key, byte[] text) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key, HMAC));
      return mac.doFinal(text);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This JVM has no " + HMAC, e);
    }
  }
}
