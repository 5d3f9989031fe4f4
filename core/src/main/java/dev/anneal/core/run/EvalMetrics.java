package dev.anneal.core.run;

import dev.anneal.core.config.Redaction;

/**
 * One evaluation, as one line of {@code eval.jsonl}.
 *
 * @param name which data: the shard folder's last name, or another short word
 * @param step optimizer steps done before it; 0 is the untrained model
 * @param epoch passes over the training data done before it
 * @param loss sum of nll ÷ {@code targetTokens}
 * @param tokenAccuracy share of the targets that are the most likely token; NaN when not measured
 * @param targetTokens positions with a loss
 */
public record EvalMetrics(
    String name, long step, double epoch, double loss, double tokenAccuracy, long targetTokens) {
  public EvalMetrics {
    name = Redaction.text(name);
    if (step < 0) {
      throw new IllegalArgumentException("Invalid step: " + step + " (must be >= 0)");
    }
  }

  public double perplexity() {
    return Math.exp(loss);
  }
}
