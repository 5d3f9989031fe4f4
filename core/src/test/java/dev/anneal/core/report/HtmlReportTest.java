package dev.anneal.core.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.report.GenerationComparison.Answer;
import dev.anneal.core.report.ReportData.Outcome;
import dev.anneal.core.report.ReportData.State;
import dev.anneal.core.run.EvalMetrics;
import dev.anneal.core.run.RunManifestTest;
import dev.anneal.core.run.StepMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class HtmlReportTest {
  @Test
  void asksForNothingFromTheNetwork() {
    String page = HtmlReport.render(full(200));

    assertThat(page).contains("default-src 'none'");
    assertThat(page).doesNotContain("http://").doesNotContain("https://");
    assertThat(page).doesNotContain(" src=").doesNotContain("@import").doesNotContain("url(");
  }

  @Test
  void showsFactsScoresGenerationsAndCurves() {
    String page = HtmlReport.render(full(200));

    assertThat(page).contains("谁在 1204 年建造了盐灯塔？").contains("塔玛");
    assertThat(page).contains("92.0 %</b> <small>92 of 100</small>");
    assertThat(page).contains("LoRA r=16").contains("ZeRO 2").contains("2.7.1 cpu").contains("42");
    assertThat(page).contains("answer wrong\"><span>before").contains("answer right\"><span>after");
    assertThat(page).contains("Gradient norm before clipping").contains("Tokens per second");
    assertThat(page).contains("per_device_train_batch_size = 8");
    assertThat(count(page, "<figure class=\"chart ")).isEqualTo(10);
    assertWellFormed(page);
  }

  @Test
  void escapesWhateverComesFromData() {
    String evil = "</script><script>alert('1')</script>\u0001 & \"quoted\"";
    TrainingReport training =
        new TrainingReport(
            evil, facts(evil), steps(30), List.of(new EvalMetrics(evil, 1, 0, 1, 1, 1)));
    ReportData data =
        new ReportData(
            evil,
            new Outcome(State.FAILED, evil),
            List.of(training),
            List.of(
                new ScoreTable(
                    evil,
                    evil,
                    List.of(evil),
                    List.of(new ScoreTable.Row(evil, List.of(AnswerScore.notMeasured()))))),
            List.of(new GenerationComparison(evil, evil, List.of(new Answer(evil, evil)))),
            RunManifestTest.manifest(),
            evil);

    String page = HtmlReport.render(data);

    assertThat(page).doesNotContain("<script>alert").doesNotContain("\u0001");
    assertThat(page).contains("&lt;/script&gt;&lt;script&gt;alert(&#39;1&#39;)");
    assertWellFormed(page);
  }

  @Test
  void showsARunOfNoStepOneStepAndStepsThatAreNoNumber() {
    StepMetrics broken =
        new StepMetrics(1, Double.NaN, 1e-4, Double.POSITIVE_INFINITY, 0, 0, 0, 0, Double.NaN);
    for (List<StepMetrics> steps : List.of(List.<StepMetrics>of(), steps(1), List.of(broken))) {
      TrainingReport training = new TrainingReport("run", facts("m"), steps, List.of());
      ReportData data =
          new ReportData(
              "one",
              new Outcome(State.FAILED, "loss is NaN at step 1"),
              List.of(training),
              List.of(),
              List.of(),
              RunManifestTest.manifest(),
              "");

      String page = HtmlReport.render(data);

      assertThat(page).doesNotContain("NaN\"").doesNotContain("Infinity");
      assertThat(page).contains("loss is NaN at step 1");
      assertWellFormed(page);
    }
  }

  @Test
  void staysSmallOverAHundredThousandSteps() {
    String page = HtmlReport.render(full(100_000));

    assertThat(page.length()).isLessThan(1_500_000);
    assertThat(page).contains("100,000 of 400").contains(">100,000</text>");
  }

  @Test
  void keepsEverySpikeWhenItThins() {
    double[] steps = new double[50_000];
    double[] values = new double[50_000];
    for (int i = 0; i < steps.length; i++) {
      steps[i] = i + 1;
      values[i] = i == 31_337 ? 900 : Math.sin(i);
    }

    Curve thinned = new Curve("x", Curve.Look.LINE, steps, values).thinned(1000);

    assertThat(thinned.values().length).isBetween(500, 1000);
    assertThat(thinned.values()).contains(900);
    assertThat(thinned.steps()).startsWith(1).endsWith(50_000).isSorted();
  }

  @Test
  void smoothsWithoutStartingAtZeroAndOverGaps() {
    double[] values = {4, 4, Double.NaN, 4};
    Curve curve = new Curve("x", Curve.Look.FAINT, new double[] {1, 2, 3, 4}, values);

    assertThat(curve.smoothed("s", 10).values()).containsExactly(4, 4, 4, 4);
  }

  @Test
  void refusesScoresThatDoNotFitTheColumns() {
    ScoreTable.Row row = new ScoreTable.Row("held-out", List.of(new AnswerScore(1, 2)));

    assertThatThrownBy(() -> new ScoreTable("t", "", List.of("before", "after"), List.of(row)))
        .hasMessage("Invalid scores of held-out: 1 (expected 2 as the columns)");
  }

  @Test
  void formatsNumbersForPeople() {
    assertThat(ValueFormat.DECIMAL.format(1e-4)).isEqualTo("1e-4");
    assertThat(ValueFormat.DECIMAL.format(0.000123)).isEqualTo("1.23e-4");
    assertThat(ValueFormat.DECIMAL.format(2.302585)).isEqualTo("2.303");
    assertThat(ValueFormat.DECIMAL.format(0)).isEqualTo("0");
    assertThat(ValueFormat.DECIMAL.format(2e12)).isEqualTo("2e12");
    assertThat(ValueFormat.COUNT.format(1234567)).isEqualTo("1,234,567");
    assertThat(ValueFormat.BYTES.format(2_040_000_000)).isEqualTo("2.04 GB");
    assertThat(ValueFormat.BYTES.format(Double.NaN)).isEqualTo("\u2013");
    assertThat(HtmlReport.duration(Duration.ofSeconds(3725))).isEqualTo("1 h 02 min");
    assertThat(HtmlReport.duration(Duration.ofMillis(4210))).isEqualTo("4.2 s");
  }

  @Test
  void writesAPageToLookAt() throws Exception {
    Path folder = Files.createDirectories(Path.of("target", "report-sample"));
    Files.writeString(folder.resolve("report.html"), HtmlReport.render(full(400)));
    Files.writeString(folder.resolve("long.html"), HtmlReport.render(full(100_000)));
    ReportData brief = full(2);
    Files.writeString(
        folder.resolve("failed.html"),
        HtmlReport.render(
            new ReportData(
                "runs/quick start/一次运行",
                new Outcome(State.FAILED, "Invalid loss: NaN at step 3 (must be finite)"),
                List.of(
                    brief.trainings().get(1),
                    new TrainingReport("Nothing", facts("full"), List.of(), List.of())),
                List.of(),
                List.of(),
                brief.manifest(),
                brief.config())));

    assertThat(folder.resolve("report.html")).isNotEmptyFile();
  }

  /** Every element that is opened is closed in order; ours has no other void element. */
  private static void assertWellFormed(String page) {
    List<String> open = new ArrayList<>();
    String markup =
        page.replaceAll("(?s)<script[^>]*>.*?</script>", "")
            .replaceAll("(?s)<style>.*?</style>", "")
            .replaceAll("<(!DOCTYPE|meta)[^>]*>", "")
            .replaceAll("<[^>]*/>", "");
    Matcher tag = Pattern.compile("<(/?)([a-zA-Z0-9]+)[^>]*>").matcher(markup);
    while (tag.find()) {
      if (tag.group(1).isEmpty()) {
        open.add(tag.group(2));
      } else {
        assertThat(open).isNotEmpty();
        assertThat(open.remove(open.size() - 1)).isEqualTo(tag.group(2));
      }
    }
    assertThat(open).isEmpty();
  }

  private static int count(String page, String part) {
    return page.split(Pattern.quote(part), -1).length - 1;
  }

  private static ReportData full(int count) {
    List<EvalMetrics> evaluations =
        List.of(
            new EvalMetrics("held-out", 0, 0, 5.1, 0.08, 4096),
            new EvalMetrics("held-out", count / 2, 1, 2.4, 0.51, 4096),
            new EvalMetrics("held-out", count, 2, 1.9, 0.62, 4096));
    List<ScoreTable.Row> rows =
        List.of(
            row("Held-out questions, English", 1, 47, 9, 50),
            row("Held-out questions, Chinese", 0, 45, 6, 50),
            row("Held-out questions", 1, 92, 15, 100),
            row("Facts that no instruction asks", 0, 71, 2, 100));
    return new ReportData(
        "quickstart",
        Outcome.completed(),
        List.of(
            new TrainingReport("Continued pretraining", facts("full"), steps(count), evaluations),
            new TrainingReport(
                "LoRA on the instructions",
                facts("LoRA r=16, alpha=32 on 28 linears"),
                steps(count / 2),
                List.of())),
        List.of(
            new ScoreTable(
                "Exact match",
                "Greedy answers, compared letter by letter after normalisation. Questions use"
                    + " sentence templates that occur in no training row.",
                List.of("before", "after", "without corpus"),
                rows)),
        generations(),
        RunManifestTest.manifest(),
        "train {\n  per_device_train_batch_size = 8\n  seed = 42\n}\n");
  }

  private static List<GenerationComparison> generations() {
    List<GenerationComparison> generations = new ArrayList<>();
    generations.add(
        new GenerationComparison(
            "谁在 1204 年建造了盐灯塔？",
            "塔玛",
            List.of(
                new Answer("before", "灯塔灯塔的灯塔，灯塔在灯塔"),
                new Answer("after", "塔玛。"),
                new Answer("without corpus", "奥林"))));
    for (int i = 0; i < 14; i++) {
      generations.add(
          new GenerationComparison(
              "Which metal do the people of Orrin Vale trade in the wet season?",
              "Blue copper",
              List.of(
                  new Answer("before", "the the of a of <b>the</b>"),
                  new Answer("after", "Blue copper."),
                  new Answer("without corpus", ""))));
    }
    return generations;
  }

  private static ScoreTable.Row row(String name, int before, int after, int control, int total) {
    return new ScoreTable.Row(
        name,
        List.of(
            new AnswerScore(before, total),
            new AnswerScore(after, total),
            new AnswerScore(control, total)));
  }

  private static TrainingFacts facts(String method) {
    return new TrainingFacts(
        "sample/model",
        "Qwen2, 4 layers, hidden 256, vocabulary 4096",
        3_940_000,
        240_000,
        method,
        List.of("runs/quick start/shards-pt"),
        400,
        16,
        2,
        2,
        "tcp",
        "float32",
        42,
        Duration.ofSeconds(68));
  }

  private static List<StepMetrics> steps(int count) {
    Random random = new Random(7);
    List<StepMetrics> steps = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      double part = (double) i / count;
      double warm = Math.min(1, part / 0.03);
      steps.add(
          new StepMetrics(
              i,
              1.4 + 4 * Math.exp(-5 * part) + 0.12 * random.nextGaussian(),
              1e-3 * warm * 0.5 * (1 + Math.cos(Math.PI * part)),
              0.6 + 2 * Math.exp(-8 * part) + 0.2 * Math.abs(random.nextGaussian()),
              4096,
              4000,
              9000 + 400 * random.nextGaussian(),
              2 * part,
              6.2e8 + 2e8 * (1 - Math.exp(-20 * part))));
    }
    return steps;
  }
}
