package dev.anneal.data.shard.datatrove;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * A number of tokens in three digits with a metric prefix, as datatrove writes it: {@code 1.23 MT}.
 *
 * @param tokens at least 0
 */
record TokenCount(long tokens) {
  private static final String[] PREFIXES = {"", "k", "M", "G", "T", "P", "E"};

  TokenCount {
    if (tokens < 0) {
      throw new IllegalArgumentException("Invalid tokens: " + tokens + " (must be >= 0)");
    }
  }

  String text() {
    BigDecimal rounded = new BigDecimal(tokens).round(new MathContext(3, RoundingMode.HALF_EVEN));
    int digits = tokens == 0 ? 1 : rounded.precision() - rounded.scale(); // before the point
    int group = (digits - 1) / 3;
    int decimals = 2 - (digits - 1) % 3;
    BigDecimal scaled = rounded.movePointLeft(3 * group).setScale(decimals, RoundingMode.HALF_EVEN);
    return scaled.toPlainString() + " " + PREFIXES[group] + "T";
  }
}
