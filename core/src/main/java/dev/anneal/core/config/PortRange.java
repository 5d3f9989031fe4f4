package dev.anneal.core.config;

import java.io.Serializable;

/**
 * Ports a rank may listen on, both ends included; 0-0 is any free port. Immutable.
 *
 * @param first lowest port
 * @param last highest port
 */
public record PortRange(int first, int last) implements Serializable {
  /** The system picks a free port. */
  public static final PortRange ANY = new PortRange(0, 0);

  public PortRange {
    boolean any = first == 0 && last == 0;
    Rule.check(
        any || (first >= 1 && last <= 65535 && first <= last),
        "distributed.port",
        first + "-" + last,
        "must be 0, a port, or a range such as 35000-35099");
  }

  /** Reads {@code 0}, {@code 35000} or {@code 35000-35099}. */
  public static PortRange parse(String text) {
    String[] ends = text.split("-", -1);
    try {
      int first = Integer.parseInt(ends[0].strip());
      return new PortRange(first, ends.length == 1 ? first : Integer.parseInt(ends[1].strip()));
    } catch (NumberFormatException e) {
      throw new ConfigException(
          "Invalid distributed.port: "
              + text
              + " (must be 0, a port, or a range such as 35000-35099)",
          e);
    }
  }

  public boolean any() {
    return first == 0;
  }
}
