package dev.anneal.jobs.inspect;

import java.io.PrintStream;
import java.util.Locale;

/** Lines of names and values for people. One thread. */
public final class Page {
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

  private final PrintStream out;

  public Page(PrintStream out) {
    this.out = out;
  }

  public void title(String kind, String path) {
    out.println(kind + " " + path);
  }

  public Page line(String name, Object value) {
    out.printf(Locale.ROOT, "  %-18s %s%n", name + ":", value);
    return this;
  }

  public void text(String line) {
    out.println(line);
  }

  public static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  public static String bytes(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit + 1 < UNITS.length) {
      value /= 1024;
      unit++;
    }
    return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
  }
}
