package dev.anneal.core.config;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.regex.Pattern;

/**
 * Keeps secrets out of what is saved, logged and printed: whoever writes a path, a message or a
 * setting passes it through here. A text without a secret stays as it is, and what was redacted
 * once stays so, so that redacted texts can be compared. Stateless.
 */
public final class Redaction {
  private static final String HIDDEN = "(redacted)";
  private static final String SECRET_NAME = "password|passwd|secret";
  private static final Pattern SECRET_KEY =
      Pattern.compile(".*(" + SECRET_NAME + "|credential|access_?key|api_?key|auth_token).*");

  /** key:secret@ before a host; a secret may hold @. */
  private static final Pattern USER_INFO = Pattern.compile("://[^/\\s\"']*@");

  /** The same where a secret holds slashes, as those of AWS do; a port is none. */
  private static final Pattern SLASHED_USER_INFO =
      Pattern.compile("://[^/:@\\s\"']+:(?!\\d{1,5}([/?;,]|$))[^@\\s\"']+@");

  /** user/password@ of jdbc:oracle:thin: */
  private static final Pattern ORACLE_USER = Pattern.compile("(jdbc:oracle:\\w+:)[^@\\s\"']+@");

  /** Parameters of a URL, and properties of a JDBC one. */
  private static final Pattern PARAMETER =
      Pattern.compile(
          "(?i)([?&;][\\w.-]*("
              + SECRET_NAME
              + "|pwd|token|signature|credential|access_?key|api_?key|account_?key)[\\w.-]*"
              + "|[?&;](sig|pass|key))=[^&;,\\s\"']*");

  /** A property anywhere: fs.s3a.secret.key=... */
  private static final Pattern PROPERTY =
      Pattern.compile("(?i)([\\w.-]*(" + SECRET_NAME + ")[\\w.-]*\\s*=\\s*)[^&;,\\s\"']+");

  /** An option of Spark SQL or a field of JSON: password 'x', "password": "x". */
  private static final Pattern QUOTED =
      Pattern.compile(
          "(?i)([\\w.-]*(" + SECRET_NAME + ")[\\w.-]*[\"'`]?\\s*[,:=]?\\s*)([\"'])[^\"']*\\3");

  private Redaction() {}

  public static boolean isSecret(String key) {
    return SECRET_KEY.matcher(key).matches();
  }

  /** A text without the secrets of its URIs, queries and properties. */
  public static String text(String value) {
    String text = USER_INFO.matcher(value).replaceAll("://" + HIDDEN + "@");
    text = SLASHED_USER_INFO.matcher(text).replaceAll("://" + HIDDEN + "@");
    text = ORACLE_USER.matcher(text).replaceAll("$1" + HIDDEN + "@");
    text = PARAMETER.matcher(text).replaceAll("$1=" + HIDDEN);
    text = QUOTED.matcher(text).replaceAll("$1$3" + HIDDEN + "$3");
    return PROPERTY.matcher(text).replaceAll("$1" + HIDDEN);
  }

  /** A stack trace without the secrets of its messages. */
  public static String trace(Throwable thrown) {
    StringWriter trace = new StringWriter();
    thrown.printStackTrace(new PrintWriter(trace));
    return text(trace.toString());
  }

  static String hidden() {
    return HIDDEN;
  }
}
