package dev.anneal.core.config;

import java.util.regex.Pattern;

/** Keeps secrets out of what is saved and printed. */
final class Redaction {
  private static final String HIDDEN = "(redacted)";
  private static final Pattern SECRET_KEY =
      Pattern.compile(".*(secret|password|passwd|credential|access_?key|api_?key|auth_token).*");
  private static final Pattern USER_INFO = Pattern.compile("://[^/@\\s]+@");

  private Redaction() {}

  static boolean isSecret(String key) {
    return SECRET_KEY.matcher(key).matches();
  }

  /** A text without the user part of its URIs: s3a://key:secret@bucket. */
  static String text(String value) {
    return USER_INFO.matcher(value).replaceAll("://" + HIDDEN + "@");
  }

  static String hidden() {
    return HIDDEN;
  }
}
