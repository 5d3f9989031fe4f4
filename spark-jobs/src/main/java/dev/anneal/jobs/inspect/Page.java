package dev.anneal.jobs.inspect;

import java.io.PrintStream;
import java.util.Locale;

/** Lines of names and values for people. One thread. */
final class Page {
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

  private final PrintStream out;

  Page(PrintStream out) {
    this.out = out;
  }

  void title(String kind, String path) {
    out.println(kind + " " + path);
  }

  Page line(String name, Object value) {
    out.printf(Locale.ROOT, "  %-18s %s%n", name + ":", value);
    return this;
  }

  void text(String line) {
    out.println(line);
  }

  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  static String bytes(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit + 1 < UNITS.length) {
      value /= 1024;
      unit++;
    }
    return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
  }
}
