package dev.anneal.jobs.io;

import dev.anneal.core.config.ConfigException;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.Path;

/**
 * What a user wrote as Hadoop's path: the one place that says what is a URI. Only {@code scheme:/}
 * begins one, so that {@code run:1} is a name, where Hadoop would take {@code run} for a scheme.
 * Stateless.
 */
public final class UserPath {
  private static final Pattern URI = Pattern.compile("(?s)[A-Za-z][A-Za-z0-9+.-]*:/.*");
  private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:");

  private UserPath() {}

  /** The path; {@link ConfigException} names one that is none. */
  public static Path of(String text) {
    return of(text, "path");
  }

  /**
   * As {@link #of(String)}.
   *
   * @param key the setting that messages name
   */
  public static Path of(String text, String key) {
    try {
      if (SCHEME.matcher(text).matches()) {
        throw new IllegalArgumentException("reads as a scheme: write ./" + text);
      }
      return URI.matcher(text).matches() ? new Path(text) : name(text);
    } catch (IllegalArgumentException e) {
      throw new ConfigException("Invalid " + key + ": '" + text + "' (" + e.getMessage() + ")", e);
    }
  }

  /** A path without a scheme, whatever characters are in it. */
  public static Path name(String text) {
    return new Path(null, null, text);
  }

  /** A path as a user would write it. */
  public static String display(Path path) {
    String text = path.toString();
    return text.startsWith("./") ? text.substring(2) : text;
  }
}
