package dev.anneal.core.report;

import dev.anneal.core.io.FileStore;
import dev.anneal.core.run.Platform;
import dev.anneal.core.run.RunManifest;
import dev.anneal.core.run.StepMetrics;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/**
 * The {@code report.html} of a run: one file that needs no network and says so to the browser, in a
 * light and a dark look. Curves are drawn without a script; a short one shows values under the
 * pointer. Everything that comes from data is escaped. Stateless.
 */
public final class HtmlReport {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private HtmlReport() {}

  public static void write(FileStore store, String path, ReportData data) throws IOException {
    store.writeBytes(path, render(data).getBytes(StandardCharsets.UTF_8));
  }

  public static String render(ReportData data) {
    Html page = new Html();
    head(page, data.title());
    header(page, data);
    tiles(page, data);
    data.scores().forEach(table -> ScoreSection.write(page, table));
    GenerationSection.write(page, data.generations());
    data.trainings().forEach(training -> TrainingSection.write(page, training));
    provenance(page, data.manifest());
    if (!data.config().isBlank()) {
      page.raw("<details class=\"config\"><summary>Resolved configuration</summary>\n");
      page.element("pre", "", data.config()).raw("</details>\n");
    }
    end(page);
    return page.toString();
  }

  /** A section with a table; the rows are written by the caller. */
  static void table(Html page, String title, String note, List<String> columns, Runnable rows) {
    page.raw("<section>").element("h2", "", title);
    if (!note.isEmpty()) {
      page.element("p", "note", note);
    }
    page.raw("<div class=\"scroll\"><table class=\"scores\"><thead><tr><th></th>");
    columns.forEach(column -> page.element("th", "", column));
    page.raw("</tr></thead><tbody>\n");
    rows.run();
    page.raw("</tbody></table></div></section>\n");
  }

  static void end(Html page) {
    page.raw("</main>\n<script>\n").raw(resource("report.js")).raw("</script>\n</body>\n</html>\n");
  }

  static void head(Html page, String title) {
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ");
    page.raw("style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.element("title", "", title + " \u00b7 Anneal");
    page.raw("<style>\n").raw(resource("report.css")).raw("</style>\n</head>\n<body>\n<main>\n");
  }

  private static void header(Html page, ReportData data) {
    ReportData.Outcome outcome = data.outcome();
    String state = outcome.state().name().toLowerCase(Locale.ROOT);
    page.raw("<header><div><h1>").text(data.title()).raw("</h1>\n<p>");
    page.raw("<span class=\"state " + state + "\">").text(state.replace('_', ' ')).raw("</span> ");
    page.text("started " + TIME.format(data.manifest().startedAt()));
    page.text(" \u00b7 Anneal " + data.manifest().build().display()).raw("</p></div>\n");
    page.raw(
        "<button id=\"theme\" type=\"button\" title=\"light or dark\">\u25d0</button></header>");
    if (!outcome.message().isEmpty()) {
      page.element("p", "message " + state, outcome.message());
    }
  }

  private static void tiles(Html page, ReportData data) {
    List<TrainingReport> trainings = data.trainings();
    long steps = trainings.stream().mapToLong(training -> training.steps().size()).sum();
    long tokens = trainings.stream().mapToLong(TrainingReport::tokens).sum();
    Duration elapsed =
        trainings.stream().map(t -> t.facts().elapsed()).reduce(Duration.ZERO, Duration::plus);
    page.raw("<div class=\"tiles\">\n");
    for (TrainingReport training : trainings) {
      if (!training.steps().isEmpty()) {
        String label = trainings.size() == 1 ? "loss" : training.name() + ": loss";
        tile(page, label, lossRange(training.steps()));
      }
    }
    tile(page, "optimizer steps", ValueFormat.COUNT.format(steps));
    tile(page, "tokens trained on", ValueFormat.COUNT.format(tokens));
    tile(page, "training time", duration(elapsed));
    double peak =
        trainings.stream()
            .mapToDouble(TrainingReport::peakMemoryBytes)
            .filter(Double::isFinite)
            .max()
            .orElse(Double.NaN);
    tile(page, "peak memory", ValueFormat.BYTES.format(peak));
    page.raw("</div>\n");
  }

  private static String lossRange(List<StepMetrics> steps) {
    String first = decimal(steps.get(0).loss());
    String last = decimal(steps.get(steps.size() - 1).loss());
    return steps.size() == 1 ? last : first + " \u2192 " + last;
  }

  static void tile(Html page, String label, String value) {
    page.raw("<div class=\"tile\">").element("b", "", value).element("span", "", label);
    page.raw("</div>\n");
  }

  private static void provenance(Html page, RunManifest manifest) {
    page.raw("<section><h2>Provenance</h2>\n");
    Facts facts = new Facts();
    facts.add("Anneal", manifest.build().display());
    facts.add("configuration sha256", manifest.configHash());
    facts.add("model", manifest.model().path());
    facts.add("model sha256", manifest.model().hash());
    for (RunManifest.Source source : manifest.data()) {
      facts.add(
          "data", source.path() + (source.hash().isEmpty() ? "" : " \u00b7 " + source.hash()));
    }
    facts.add("seed", Long.toString(manifest.seed()));
    facts.add("world size", Integer.toString(manifest.worldSize()));
    facts.add("libtorch", manifest.libtorch());
    Platform platform = manifest.platform();
    facts.add("JVM", platform.jvm());
    facts.add("system", platform.operatingSystem());
    String memory = platform.memoryBytes() > 0 ? bytes(platform.memoryBytes()) : "unknown memory";
    facts.add("processor", platform.processor() + " \u00b7 " + platform.cores() + " cores");
    facts.add("machine memory", memory);
    facts.write(page);
    page.raw("</section>\n");
  }

  static String decimal(double value) {
    return ValueFormat.DECIMAL.format(value);
  }

  private static String bytes(double value) {
    return ValueFormat.BYTES.format(value);
  }

  /** {@code 1 h 02 min}, {@code 3 min 20 s}, {@code 4.2 s}. */
  static String duration(Duration duration) {
    long seconds = duration.toSeconds();
    if (seconds >= 3600) {
      return String.format(Locale.ROOT, "%d h %02d min", seconds / 3600, seconds % 3600 / 60);
    }
    if (seconds >= 60) {
      return String.format(Locale.ROOT, "%d min %02d s", seconds / 60, seconds % 60);
    }
    return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
  }

  private static String resource(String name) {
    try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("Cannot read " + name + ": it is missing from the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
