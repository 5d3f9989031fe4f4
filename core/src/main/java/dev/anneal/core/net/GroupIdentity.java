package dev.anneal.core.net;

import java.io.Serializable;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Objects;

/**
 * Which run and which attempt of it a process belongs to, and the secret that proves it. Immutable;
 * {@link #toString} leaves the secret out.
 *
 * @param runId names the run
 * @param attempt counts the restarts of the stage from 0; an older attempt is fenced
 * @param secret shared by the driver and the ranks of this run alone
 */
public record GroupIdentity(String runId, int attempt, String secret) implements Serializable {
  private static final int MIN_SECRET_LENGTH = 16;
  private static final int MAX_RUN_ID_LENGTH = 256;

  public GroupIdentity {
    Objects.requireNonNull(runId, "runId");
    Objects.requireNonNull(secret, "secret");
    if (runId.isBlank() || runId.length() > MAX_RUN_ID_LENGTH) {
      throw new IllegalArgumentException(
          "Invalid run id: '" + runId + "' (must have 1 to " + MAX_RUN_ID_LENGTH + " characters)");
    }
    if (attempt < 0) {
      throw new IllegalArgumentException("Invalid attempt: " + attempt + " (must be >= 0)");
    }
    if (secret.length() < MIN_SECRET_LENGTH) {
      throw new IllegalArgumentException(
          "Invalid secret: "
              + secret.length()
              + " characters (must be >= "
              + MIN_SECRET_LENGTH
              + ")");
    }
  }

  /** A fresh secret of 256 random bits, as hexadecimal text. */
  public static String newSecret() {
    byte[] bits = new byte[32];
    new SecureRandom().nextBytes(bits);
    return HexFormat.of().formatHex(bits);
  }

  public GroupIdentity withAttempt(int nextAttempt) {
    return new GroupIdentity(runId, nextAttempt, secret);
  }

  @Override
  public String toString() {
    return "GroupIdentity[runId=" + runId + ", attempt=" + attempt + ", secret=***]";
  }
}
