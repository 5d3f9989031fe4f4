package dev.anneal.data.chat.jinja.builtin;

import java.time.ZonedDateTime;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;
import java.util.Optional;

/**
 * {@code datetime.strftime} of Python on Linux for a time without a zone, in the C locale: glibc's
 * codes, flags ({@code _ - 0 ^ #}), widths and modifiers. A code that glibc does not know is
 * printed as it stands. Confined to one thread.
 */
final class Strftime {
  private static final String[] DAYS = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"
  };
  private static final String[] MONTHS = {
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December"
  };
  private static final String NAMES = "aAbBhpPZ";
  private static final String SPACE_PADDED = "ekl";

  /** Python gives up on what is longer than its largest buffer, which grows from this size. */
  private static final int FIRST_BUFFER = 1024;

  private static final int BUFFER_PER_CHARACTER = 256;

  private final ZonedDateTime time;
  private final long most;
  private final StringBuilder out = new StringBuilder();

  private Strftime(ZonedDateTime time, long most) {
    this.time = time;
    this.most = most;
  }

  /** The time as the format wants it; its zone matters to {@code %s} alone. */
  static String format(String format, ZonedDateTime time) {
    String plain = withoutPythonCodes(format, time);
    long most = FIRST_BUFFER;
    while (most < (long) BUFFER_PER_CHARACTER * plain.length()) {
      most += most;
    }
    Strftime made = new Strftime(time, most);
    return made.write(plain) && made.out.length() < most ? made.out.toString() : "";
  }

  /** Python itself prints {@code %f}, {@code %z} and {@code %Z}, the latter as nothing. */
  private static String withoutPythonCodes(String format, ZonedDateTime time) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      char code = c == '%' && i + 1 < format.length() ? format.charAt(++i) : 0;
      if (code == 'f') {
        plain.append(String.format("%06d", time.getNano() / 1000));
      } else if (code != 'z' && code != 'Z') {
        plain.append(c);
        if (code != 0) {
          plain.append(code);
        }
      }
    }
    return plain.toString();
  }

  /** Answers whether there was room. */
  private boolean write(String format) {
    int at = 0;
    while (at < format.length() && out.length() < most) {
      if (format.charAt(at) == '%') {
        StrftimeSpec spec = StrftimeSpec.read(format, at);
        write(spec, format);
        at = spec.end();
      } else {
        out.append(format.charAt(at++));
      }
    }
    return out.length() < most;
  }

  private void write(StrftimeSpec spec, String format) {
    Optional<String> whole = spec.isKnown() ? composed(spec.code()) : Optional.empty();
    if (!spec.isKnown()) {
      text(format.substring(spec.start(), spec.end()), spec);
    } else if (whole.isPresent()) {
      Strftime inner = new Strftime(time, most);
      inner.write(whole.get());
      String text = inner.out.toString();
      pad(spec.upper() ? text.toUpperCase(Locale.ROOT) : text, spec);
    } else if (NAMES.indexOf(spec.code()) >= 0) {
      text(name(spec.code()), spec);
    } else {
      switch (spec.code()) {
        case '%' -> pad("%", spec);
        case 'n' -> pad("\n", spec);
        case 't' -> pad("\t", spec);
        case 'z' -> {} // a time without a zone has no offset
        default -> number(spec);
      }
    }
  }

  private static Optional<String> composed(char code) {
    return Optional.ofNullable(
        switch (code) {
          case 'c' -> "%a %b %e %H:%M:%S %Y";
          case 'D', 'x' -> "%m/%d/%y";
          case 'F' -> "%Y-%m-%d";
          case 'R' -> "%H:%M";
          case 'r' -> "%I:%M:%S %p";
          case 'T', 'X' -> "%H:%M:%S";
          default -> null;
        });
  }

  private String name(char code) {
    return switch (code) {
      case 'a' -> DAYS[weekday()].substring(0, 3);
      case 'A' -> DAYS[weekday()];
      case 'b', 'h' -> MONTHS[time.getMonthValue() - 1].substring(0, 3);
      case 'B' -> MONTHS[time.getMonthValue() - 1];
      case 'p', 'P' -> time.getHour() < 12 ? "AM" : "PM";
      default -> "";
    };
  }

  private void text(String text, StrftimeSpec spec) {
    boolean name = spec.isKnown() && "aAbBh".indexOf(spec.code()) >= 0;
    boolean lower = spec.code() == 'P' || spec.swap() && "pZ".indexOf(spec.code()) >= 0;
    boolean upper = spec.upper() || spec.swap() && name;
    if (lower && spec.isKnown()) {
      pad(text.toLowerCase(Locale.ROOT), spec);
    } else {
      pad(upper ? text.toUpperCase(Locale.ROOT) : text, spec);
    }
  }

  /** The width counts characters of the whole field; nothing is cut. */
  private void pad(String text, StrftimeSpec spec) {
    fill(spec.padding() == '0' ? '0' : ' ', (long) spec.width() - text.length());
    out.append(text);
  }

  private void fill(char with, long count) {
    long room = most - out.length();
    for (long i = 0; i < Math.min(count, room); i++) {
      out.append(with);
    }
  }

  private void number(StrftimeSpec spec) {
    long value = value(spec.code());
    int least = digits(spec.code());
    boolean spaces = spec.padding() == '_';
    spaces |= SPACE_PADDED.indexOf(spec.code()) >= 0 && spec.padding() == 0;
    String digits = Long.toString(Math.abs(value));
    String sign = value < 0 ? "-" : "";
    long missing = Math.max(least, spec.width()) - digits.length() - sign.length();
    if (spec.padding() == '-' || spec.code() == 's') {
      pad(sign + digits, spec);
    } else if (spaces) {
      fill(' ', missing);
      out.append(sign).append(digits);
    } else {
      out.append(sign);
      fill('0', missing);
      out.append(digits);
    }
  }

  private static int digits(char code) {
    return switch (code) {
      case 'C', 'G', 's', 'u', 'w', 'Y' -> 1;
      case 'j' -> 3;
      default -> 2;
    };
  }

  private long value(char code) {
    int day = time.getDayOfYear() - 1;
    int hour = time.getHour();
    return switch (code) {
      case 'C' -> time.getYear() / 100;
      case 'd', 'e' -> time.getDayOfMonth();
      case 'G' -> weekYear();
      case 'g' -> weekYear() % 100;
      case 'H', 'k' -> hour;
      case 'I', 'l' -> hour % 12 == 0 ? 12 : hour % 12;
      case 'j' -> day + 1;
      case 'm' -> time.getMonthValue();
      case 'M' -> time.getMinute();
      case 's' -> time.toEpochSecond();
      case 'S' -> time.getSecond();
      case 'u' -> time.getDayOfWeek().getValue();
      case 'U' -> (day - weekday() + 7) / 7;
      case 'V' -> time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR);
      case 'w' -> weekday();
      case 'W' -> (day - (weekday() + 6) % 7 + 7) / 7;
      case 'Y' -> time.getYear();
      case 'y' -> time.getYear() % 100;
      default -> throw new IllegalStateException("No number: %" + code);
    };
  }

  private long weekYear() {
    return time.get(IsoFields.WEEK_BASED_YEAR);
  }

  /** 0 is Sunday. */
  private int weekday() {
    return time.get(ChronoField.DAY_OF_WEEK) % 7;
  }
}
