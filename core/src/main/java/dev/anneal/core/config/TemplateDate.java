package dev.anneal.core.config;

import java.io.Serializable;
import java.time.Clock;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;

/**
 * The one time that {@code strftime_now} of chat templates tells within a run. Immutable.
 *
 * @param time with whole seconds
 */
public record TemplateDate(OffsetDateTime time) implements Serializable {
  public TemplateDate {
    time = time.truncatedTo(ChronoUnit.SECONDS);
  }

  /** The clock's time, in its zone. */
  public static TemplateDate now(Clock clock) {
    return new TemplateDate(OffsetDateTime.now(clock));
  }

  /** This machine's time, as Python's {@code datetime.now()} gives it. */
  public static TemplateDate now() {
    return now(Clock.systemDefaultZone());
  }

  /** A date, a date with a time, or one with an offset too; without an offset it is UTC. */
  public static TemplateDate parse(String key, String text) {
    try {
      if (text.length() == "yyyy-mm-dd".length()) {
        return new TemplateDate(LocalDate.parse(text).atStartOfDay().atOffset(ZoneOffset.UTC));
      }
      boolean offset = text.matches(".*(Z|[+-]\\d\\d:\\d\\d)");
      return new TemplateDate(
          offset ? OffsetDateTime.parse(text) : LocalDateTime.parse(text).atOffset(ZoneOffset.UTC));
    } catch (DateTimeParseException e) {
      throw new ConfigException(
          "Invalid "
              + key
              + ": "
              + text
              + " (must be like 2026-07-31, 2026-07-31T09:30:00 or 2026-07-31T09:30:00+02:00)",
          e);
    }
  }

  /** The date as a manifest or an earlier setting has it. */
  public static TemplateDate of(String text) {
    return parse("tokenize.date", text);
  }

  /** A clock that stands still. */
  public Clock clock() {
    return Clock.fixed(time.toInstant(), time.getOffset());
  }

  /** As {@link #of} reads it. */
  @Override
  public String toString() {
    return time.toString();
  }
}
