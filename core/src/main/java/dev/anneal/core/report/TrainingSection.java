package dev.anneal.core.report;

import dev.anneal.core.report.Chart.Size;
import dev.anneal.core.report.Curve.Look;
import dev.anneal.core.run.EvalMetrics;
import dev.anneal.core.run.StepMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The part of the report about one training: facts, curves, evaluations. */
final class TrainingSection {
  private static final int STEPS_TO_AVERAGE = 20;

  private TrainingSection() {}

  static void write(Html page, TrainingReport training) {
    page.raw("<section>").element("h2", "", training.name());
    facts(page, training);
    if (training.steps().isEmpty() && training.evaluations().isEmpty()) {
      page.raw("<p class=\"empty\">No step was recorded.</p></section>\n");
      return;
    }
    page.raw("<div class=\"charts\">\n");
    List<StepMetrics> steps = training.steps();
    new Chart("Loss", ValueFormat.DECIMAL, Size.WHOLE, lossCurves(training)).write(page);
    chart(page, "Learning rate", ValueFormat.DECIMAL, steps, StepMetrics::learningRate);
    noisyChart(
        page, "Gradient norm before clipping", ValueFormat.DECIMAL, StepMetrics::gradNorm, steps);
    noisyChart(page, "Tokens per second", ValueFormat.COUNT, StepMetrics::tokensPerSecond, steps);
    chart(page, "Memory", ValueFormat.BYTES, steps, StepMetrics::memoryBytes);
    page.raw("</div>\n");
    evaluations(page, training.evaluations());
    page.raw("</section>\n");
  }

  private static void chart(
      Html page,
      String title,
      ValueFormat format,
      List<StepMetrics> steps,
      ToDoubleFunction<StepMetrics> value) {
    new Chart(title, format, Size.HALF, List.of(Curve.of(title, Look.LINE, steps, value)))
        .write(page);
  }

  private static void noisyChart(
      Html page,
      String title,
      ValueFormat format,
      ToDoubleFunction<StepMetrics> value,
      List<StepMetrics> steps) {
    new Chart(title, format, Size.HALF, withAverage(steps, value)).write(page);
  }

  private static List<Curve> lossCurves(TrainingReport training) {
    List<Curve> curves = new ArrayList<>(withAverage(training.steps(), StepMetrics::loss));
    List<EvalMetrics> evaluations = training.evaluations();
    evaluations.stream()
        .map(EvalMetrics::name)
        .distinct()
        .forEach(name -> curves.add(evaluation(name, evaluations)));
    return curves;
  }

  /** Every step, and where there are enough of them, their running mean in front. */
  private static List<Curve> withAverage(
      List<StepMetrics> steps, ToDoubleFunction<StepMetrics> value) {
    if (steps.size() < STEPS_TO_AVERAGE) {
      return List.of(Curve.of("each step", Look.LINE, steps, value));
    }
    Curve each = Curve.of("each step", Look.FAINT, steps, value);
    int window = Math.min(1000, Math.max(5, steps.size() / 25));
    return List.of(each, each.smoothed("average over " + window + " steps", window));
  }

  private static Curve evaluation(String name, List<EvalMetrics> all) {
    List<EvalMetrics> own = all.stream().filter(e -> e.name().equals(name)).toList();
    return new Curve(
        "evaluation " + name,
        Look.DOTS,
        own.stream().mapToDouble(EvalMetrics::step).toArray(),
        own.stream().mapToDouble(EvalMetrics::loss).toArray());
  }

  private static void facts(Html page, TrainingReport training) {
    TrainingFacts given = training.facts();
    Facts facts = new Facts();
    facts.add("model", given.model());
    facts.add("architecture", given.architecture());
    facts.add("method", given.method());
    facts.add("parameters", trainable(given));
    given.data().forEach(folder -> facts.add("data", folder));
    facts.add("steps", count(training.steps().size()) + " of " + count(given.maxSteps()));
    facts.add("rows a step", count(given.globalBatchRows()));
    facts.add(
        "tokens", count(training.tokens()) + ", " + count(training.targetTokens()) + " targets");
    facts.add("tokens per second", ValueFormat.COUNT.format(training.meanTokensPerSecond()));
    facts.add(
        "ranks",
        given.worldSize() + " \u00b7 ZeRO " + given.zeroStage() + " \u00b7 " + given.backend());
    facts.add("compute type", given.computeType());
    facts.add("seed", Long.toString(given.seed()));
    facts.add("time", HtmlReport.duration(given.elapsed()));
    facts.write(page);
  }

  private static String trainable(TrainingFacts facts) {
    double share =
        facts.parameters() > 0 ? 100.0 * facts.trainableParameters() / facts.parameters() : 0;
    return String.format(
        Locale.ROOT,
        "%,d, %,d trained (%.2f %%)",
        facts.parameters(),
        facts.trainableParameters(),
        share);
  }

  private static void evaluations(Html page, List<EvalMetrics> evaluations) {
    if (evaluations.isEmpty()) {
      return;
    }
    page.raw(
        "<div class=\"scroll\"><table><thead><tr><th>evaluation</th><th>step</th><th>loss</th>");
    page.raw("<th>perplexity</th><th>token accuracy</th><th>targets</th></tr></thead><tbody>\n");
    for (EvalMetrics each : evaluations) {
      page.raw("<tr>").element("th", "", each.name()).element("td", "", count(each.step()));
      page.element("td", "", HtmlReport.decimal(each.loss()));
      page.element("td", "", HtmlReport.decimal(each.perplexity()));
      page.element("td", "", percent(each.tokenAccuracy()));
      page.element("td", "", count(each.targetTokens())).raw("</tr>\n");
    }
    page.raw("</tbody></table></div>\n");
  }

  static String percent(double share) {
    return Double.isFinite(share) ? String.format(Locale.ROOT, "%.1f %%", 100 * share) : "\u2013";
  }

  private static String count(long value) {
    return ValueFormat.COUNT.format(value);
  }
}
