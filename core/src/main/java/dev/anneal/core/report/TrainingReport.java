package dev.anneal.core.report;

import dev.anneal.core.run.EvalMetrics;
import dev.anneal.core.run.StepMetrics;
import java.util.List;

/**
 * One training: what was run, and what every step and evaluation measured.
 *
 * @param name a short heading, as {@code LoRA on the instructions}
 * @param steps in order; may be empty
 */
public record TrainingReport(
    String name, TrainingFacts facts, List<StepMetrics> steps, List<EvalMetrics> evaluations) {
  public TrainingReport {
    steps = List.copyOf(steps);
    evaluations = List.copyOf(evaluations);
  }

  long tokens() {
    return steps.stream().mapToLong(StepMetrics::tokens).sum();
  }

  long targetTokens() {
    return steps.stream().mapToLong(StepMetrics::targetTokens).sum();
  }

  double peakMemoryBytes() {
    return steps.stream()
        .mapToDouble(StepMetrics::memoryBytes)
        .filter(Double::isFinite)
        .max()
        .orElse(Double.NaN);
  }

  /** Tokens over the time that the steps themselves took. */
  double meanTokensPerSecond() {
    double seconds =
        steps.stream()
            .filter(step -> step.tokensPerSecond() > 0)
            .mapToDouble(step -> step.tokens() / step.tokensPerSecond())
            .sum();
    return seconds > 0 ? tokens() / seconds : Double.NaN;
  }

  /** The same training under another heading. */
  public TrainingReport named(String heading) {
    return new TrainingReport(heading, facts, steps, evaluations);
  }
}
