package dev.anneal.core.run;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * Which Anneal this is: the version and, when the build was given one by {@code
 * -Danneal.commit=...}, the git commit; empty otherwise.
 */
public record BuildVersion(String version, String commit) {
  public static BuildVersion current() {
    Properties properties = new Properties();
    try (InputStream in = BuildVersion.class.getResourceAsStream("build.properties")) {
      if (in == null) {
        return new BuildVersion("unknown", "");
      }
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new BuildVersion(
        properties.getProperty("version", "unknown"), properties.getProperty("commit", ""));
  }

  /** {@code 0.1.0}, or {@code 0.1.0 (1a2b3c4)} with a commit. */
  public String display() {
    String shortCommit = commit.length() > 10 ? commit.substring(0, 10) : commit;
    return commit.isEmpty() ? version : version + " (" + shortCommit + ")";
  }
}
