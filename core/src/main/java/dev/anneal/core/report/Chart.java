package dev.anneal.core.report;

import dev.anneal.core.run.JsonText;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * One chart of the report: an SVG picture drawn here, complete without a script, and the same
 * points as JSON for the script that shows the values under the pointer.
 */
record Chart(String title, ValueFormat format, Size size, List<Curve> curves) {
  private static final int POINTS = 1200;
  private static final double LEFT = 62;
  private static final double RIGHT = 26;
  private static final double TOP = 12;
  private static final double BOTTOM = 26;

  /** How much room it takes: half of the page's width, or all of it. */
  enum Size {
    HALF(640, 250),
    WHOLE(1240, 330);

    private final double width;
    private final double height;

    Size(double width, double height) {
      this.width = width;
      this.height = height;
    }
  }

  Chart {
    curves = curves.stream().filter(curve -> curve.finite().length > 0).toList();
  }

  void write(Html page) {
    page.raw("<figure class=\"chart " + size.name().toLowerCase(Locale.ROOT) + "\">");
    page.raw("<figcaption><b>").text(title).raw("</b>");
    for (Curve curve : curves) {
      if (curves.size() > 1) {
        page.raw("<span class=\"key " + css(curve) + "\">").text(curve.name()).raw("</span>");
      }
    }
    page.raw("</figcaption>\n");
    if (curves.isEmpty()) {
      page.raw("<p class=\"empty\">Nothing was recorded.</p></figure>\n");
      return;
    }
    List<Curve> thinned = curves.stream().map(curve -> curve.thinned(POINTS)).toList();
    Axis x = xAxis();
    Axis y = yAxis();
    page.raw("<div class=\"plot\">");
    page.raw(String.format(Locale.ROOT, "<svg viewBox=\"0 0 %.0f %.0f\"", size.width, size.height));
    page.raw(" role=\"img\" aria-label=\"").text(title + ": " + summary()).raw("\">");
    grid(page, x, y);
    thinned.forEach(curve -> draw(page, curve, x, y));
    page.raw("<line class=\"cross\" y1=\"12\" y2=\"" + (size.height - BOTTOM) + "\"></line></svg>");
    page.raw("<div class=\"tip\" hidden></div></div>\n<p class=\"summary\">");
    page.text(summary()).raw("</p>\n<script type=\"application/json\">");
    page.raw(json(thinned, x, y)).raw("</script></figure>\n");
  }

  /** The last curve that is drawn as a line speaks for the chart. */
  private String summary() {
    Curve main = curves.get(0);
    double[] values = main.values();
    int low = 0;
    int high = 0;
    int first = -1;
    int last = 0;
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        continue;
      }
      if (first < 0) {
        first = i;
        low = i;
        high = i;
      }
      last = i;
      low = values[i] < values[low] ? i : low;
      high = values[i] > values[high] ? i : high;
    }
    return String.format(
        Locale.ROOT,
        "first %s \u00b7 last %s \u00b7 lowest %s (step %s) \u00b7 highest %s (step %s)",
        format.format(values[first]),
        format.format(values[last]),
        format.format(values[low]),
        ValueFormat.COUNT.format(main.steps()[low]),
        format.format(values[high]),
        ValueFormat.COUNT.format(main.steps()[high]));
  }

  private Axis xAxis() {
    return Axis.covering(
        curves.stream().flatMapToDouble(c -> Arrays.stream(c.steps())).min().orElse(0),
        curves.stream().flatMapToDouble(c -> Arrays.stream(c.steps())).max().orElse(1),
        LEFT,
        size.width - RIGHT);
  }

  /** Amounts begin at zero; so does what would lose less than half of the height by it. */
  private Axis yAxis() {
    DoubleStream low = curves.stream().flatMapToDouble(c -> Arrays.stream(c.finite()));
    DoubleStream high = curves.stream().flatMapToDouble(c -> Arrays.stream(c.finite()));
    double least = low.min().orElse(0);
    double most = high.max().orElse(1);
    boolean amount = format != ValueFormat.DECIMAL || least < most * 0.5;
    double from = least > 0 && amount ? 0 : least;
    double air = (most - from) * 0.06;
    return Axis.covering(from == 0 ? 0 : from - air, most + air, size.height - BOTTOM, TOP);
  }

  private void grid(Html page, Axis x, Axis y) {
    for (double tick : y.ticks(6)) {
      double at = y.position(tick);
      page.raw(
          String.format(
              Locale.ROOT,
              "<line class=\"grid\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\"/>"
                  + "<text class=\"y\" x=\"%.0f\" y=\"%.1f\">%s</text>",
              LEFT,
              size.width - RIGHT,
              at,
              at,
              LEFT - 8,
              at + 4,
              format.format(tick)));
    }
    for (double tick : x.wholeTicks(size == Size.WHOLE ? 12 : 7)) {
      page.raw(
          String.format(
              Locale.ROOT,
              "<text class=\"x\" x=\"%.1f\" y=\"%.0f\">%s</text>",
              x.position(tick),
              size.height - 8,
              ValueFormat.COUNT.format(tick)));
    }
  }

  private static void draw(Html page, Curve curve, Axis x, Axis y) {
    StringBuilder path = new StringBuilder();
    boolean drawing = false;
    for (int i = 0; i < curve.values().length; i++) {
      double value = curve.values()[i];
      if (!Double.isFinite(value)) {
        drawing = false;
        continue;
      }
      double px = x.position(curve.steps()[i]);
      double py = y.position(value);
      boolean alone = curve.values().length == 1 || curve.look() == Curve.Look.DOTS;
      if (alone) {
        page.raw(
            String.format(
                Locale.ROOT,
                "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>",
                css(curve),
                px,
                py));
      }
      path.append(String.format(Locale.ROOT, "%s%.1f %.1f", drawing ? "L" : "M", px, py));
      drawing = true;
    }
    page.raw("<path class=\"" + css(curve) + "\" d=\"" + path + "\"/>");
  }

  private String json(List<Curve> thinned, Axis x, Axis y) {
    StringBuilder json = new StringBuilder("{\"format\":").append(JsonText.quote(format.name()));
    json.append(",\"x\":")
        .append(scale(x))
        .append(",\"y\":")
        .append(scale(y))
        .append(",\"curves\":[");
    for (int i = 0; i < thinned.size(); i++) {
      Curve curve = thinned.get(i);
      json.append(i == 0 ? "" : ",").append("{\"name\":").append(JsonText.quote(curve.name()));
      json.append(",\"look\":").append(JsonText.quote(css(curve)));
      json.append(",\"steps\":").append(numbers(curve.steps()));
      json.append(",\"values\":").append(numbers(curve.values())).append('}');
    }
    return json.append("]}").toString();
  }

  private static String scale(Axis axis) {
    return numbers(new double[] {axis.low(), axis.high(), axis.start(), axis.end()});
  }

  /** Seven digits are more than a screen shows. */
  private static String numbers(double[] values) {
    StringBuilder json = new StringBuilder("[");
    for (double value : values) {
      json.append(json.length() > 1 ? "," : "");
      if (!Double.isFinite(value)) {
        json.append("null");
      } else if (value == Math.rint(value) && Math.abs(value) < 1e15) {
        json.append((long) value);
      } else {
        json.append(Double.toString(Double.parseDouble(String.format(Locale.ROOT, "%.7g", value))));
      }
    }
    return json.append(']').toString();
  }

  private static String css(Curve curve) {
    return curve.look().name().toLowerCase(Locale.ROOT);
  }
}
