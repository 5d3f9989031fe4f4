package dev.anneal.core.config;

import java.io.Serializable;

/**
 * Ports a process may listen on, both ends included; 0-0 is any free port. Immutable.
 *
 * @param first lowest port
 * @param last highest port
 */
public record PortRange(int first, int last) implements Serializable {
  /** The system picks a free port. */
  public static final PortRange ANY = new PortRange(0, 0);

  private static final String RULE = "must be 0, a port, or a range such as 35000-35099";

  public PortRange {
    boolean any = first == 0 && last == 0;
    if (!any && (first < 1 || last > 65535 || first > last)) {
      throw new IllegalArgumentException(
          "Invalid ports: " + first + "-" + last + " (" + RULE + ")");
    }
  }

  /** Reads {@code 0}, {@code 35000} or {@code 35000-35099}, the value of a key. */
  public static PortRange parse(String text, String key) {
    String[] ends = text.split("-", -1);
    try {
      int first = Integer.parseInt(ends[0].strip());
      return new PortRange(first, ends.length == 1 ? first : Integer.parseInt(ends[1].strip()));
    } catch (IllegalArgumentException e) {
      throw new ConfigException("Invalid " + key + ": " + text + " (" + RULE + ")", e);
    }
  }

  public boolean any() {
    return first == 0;
  }
}
