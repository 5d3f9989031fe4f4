package dev.anneal.core.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/** How a number is shown to a person; the script of the report knows the same three by name. */
enum ValueFormat {
  DECIMAL {
    @Override
    String finite(double value) {
      double size = Math.abs(value);
      if (size != 0 && (size < 1e-2 || size >= 1e6)) {
        String text = String.format(Locale.ROOT, "%.2e", value);
        return text.replaceFirst("\\.?0*e", "e").replaceFirst("e([+-])0", "e$1").replace("e+", "e");
      }
      BigDecimal rounded = new BigDecimal(value).round(new MathContext(4));
      return rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
    }
  },
  COUNT {
    @Override
    String finite(double value) {
      boolean whole = value == Math.rint(value) || Math.abs(value) >= 10;
      return whole ? String.format(Locale.ROOT, "%,d", Math.round(value)) : DECIMAL.finite(value);
    }
  },
  BYTES {
    @Override
    String finite(double value) {
      String[] units = {"B", "kB", "MB", "GB", "TB"};
      double scaled = value;
      int unit = 0;
      while (Math.abs(scaled) >= 1000 && unit < units.length - 1) {
        scaled /= 1000;
        unit++;
      }
      BigDecimal rounded = new BigDecimal(scaled).round(new MathContext(3));
      return DECIMAL.finite(rounded.doubleValue()) + " " + units[unit];
    }
  };

  String format(double value) {
    return Double.isFinite(value) ? finite(value) : "\u2013";
  }

  abstract String finite(double value);
}
