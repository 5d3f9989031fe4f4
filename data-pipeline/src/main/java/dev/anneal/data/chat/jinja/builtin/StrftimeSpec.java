package dev.anneal.data.chat.jinja.builtin;

/**
 * One conversion of a format of {@code strftime}: {@code %-5Ed}. Immutable.
 *
 * @param start of the percent sign
 * @param end after its code
 * @param padding the last of the flags {@code _ - 0}, or 0
 * @param width -1 for none
 * @param modifier E, O or 0
 * @param code 0 at the end of the format
 */
record StrftimeSpec(
    int start,
    int end,
    char padding,
    boolean upper,
    boolean swap,
    int width,
    char modifier,
    char code) {

  static StrftimeSpec read(String format, int start) {
    int at = start + 1;
    char padding = 0;
    boolean upper = false;
    boolean swap = false;
    for (; at < format.length() && "_-0^#".indexOf(format.charAt(at)) >= 0; at++) {
      char flag = format.charAt(at);
      upper |= flag == '^';
      swap |= flag == '#';
      padding = flag == '^' || flag == '#' ? padding : flag;
    }
    int width = -1;
    for (; at < format.length() && isDigit(format.charAt(at)); at++) {
      long wider = 10L * Math.max(width, 0) + format.charAt(at) - '0';
      width = (int) Math.min(wider, Integer.MAX_VALUE);
    }
    boolean modified = at < format.length() && "EO".indexOf(format.charAt(at)) >= 0;
    char modifier = modified ? format.charAt(at++) : 0;
    char code = at < format.length() ? format.charAt(at) : 0;
    int end = Math.min(at + 1, format.length());
    return new StrftimeSpec(start, end, padding, upper, swap, width, modifier, code);
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** Whether glibc takes the modifier before the code. */
  boolean isKnown() {
    String codes =
        switch (modifier) {
          case 'E' -> "cnprstuxyzCPRTXYZ%";
          case 'O' -> "bdeghjklmnprstuwyzBCGHIMPRSTUVWZ%";
          default -> "aAbBhcCxDdeFHIjklMmnPpRrSsTtuUVgGWwXYyZz%";
        };
    return codes.indexOf(code) >= 0;
  }
}
