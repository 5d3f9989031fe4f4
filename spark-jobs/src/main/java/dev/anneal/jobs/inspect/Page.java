package dev.anneal.jobs.inspect;

import dev.anneal.core.config.MemorySize;
import dev.anneal.core.config.Redaction;
import java.io.PrintStream;
import java.util.Locale;

/** Lines of names and values for people. One thread. */
public final class Page {
  private final PrintStream out;

  public Page(PrintStream out) {
    this.out = out;
  }

  public void title(String kind, String path) {
    out.println(kind + " " + Redaction.text(path));
  }

  public Page line(String name, Object value) {
    out.printf(Locale.ROOT, "  %-18s %s%n", name + ":", Redaction.text(String.valueOf(value)));
    return this;
  }

  public void text(String line) {
    out.println(line);
  }

  public static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  public static String bytes(long bytes) {
    return new MemorySize(bytes).toString();
  }
}
