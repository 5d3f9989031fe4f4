package dev.anneal.core.net;

import java.util.Objects;

/**
 * A host and a port as one text, {@code host:port} or {@code [ipv6]:port}. Immutable.
 *
 * @param host name or address, without brackets
 */
public record HostPort(String host, int port) {
  static final int MAX_PORT = 65_535;

  public HostPort {
    Objects.requireNonNull(host, "host");
    if (host.isBlank() || host.indexOf('[') >= 0 || host.indexOf(']') >= 0) {
      throw new IllegalArgumentException("Invalid host: '" + host + "'");
    }
    if (port < 1 || port > MAX_PORT) {
      throw new IllegalArgumentException("Invalid port: " + port + " (must be 1 to 65535)");
    }
  }

  /** Reads what {@link #toString} wrote. */
  public static HostPort parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 1) {
      throw invalid(text);
    }
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      throw invalid(text);
    }
    try {
      return new HostPort(host, Integer.parseInt(text.substring(colon + 1)));
    } catch (NumberFormatException e) {
      throw invalid(text);
    }
  }

  private static IllegalArgumentException invalid(String text) {
    return new IllegalArgumentException(
        "Invalid address: '" + text + "' (must be host:port or [ipv6]:port)");
  }

  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}
