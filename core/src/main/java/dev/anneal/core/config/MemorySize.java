package dev.anneal.core.config;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import java.io.Serializable;
import java.util.Locale;

/**
 * An amount of memory, or no bound on it. Immutable.
 *
 * @param bytes 0 for no bound
 */
public record MemorySize(long bytes) implements Serializable {
  private static final String KEY = "distributed.memory_per_rank";
  private static final String RULE = "must be a size such as 6g or 800m, or empty for no bound";
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

  /** Whatever there is. */
  public static final MemorySize UNBOUNDED = new MemorySize(0);

  public MemorySize {
    Rule.notNegative(KEY, bytes);
  }

  /** Reads {@code 6g}, {@code 6GiB} (the same), {@code 6GB} (powers of ten), or nothing. */
  public static MemorySize parse(String text) {
    if (text.isBlank()) {
      return UNBOUNDED;
    }
    try {
      long bytes =
          ConfigFactory.empty()
              .withValue("v", ConfigValueFactory.fromAnyRef(text.strip()))
              .getBytes("v");
      Rule.check(bytes > 0, KEY, text, RULE);
      return new MemorySize(bytes);
    } catch (com.typesafe.config.ConfigException e) {
      throw new ConfigException("Invalid " + KEY + ": " + text + " (" + RULE + ")", e);
    }
  }

  public boolean bounded() {
    return bytes > 0;
  }

  /** With one decimal in the unit that suits it. */
  @Override
  public String toString() {
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit + 1 < UNITS.length) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, UNITS[unit]);
  }
}
