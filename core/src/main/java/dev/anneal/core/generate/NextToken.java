package dev.anneal.core.generate;

import dev.anneal.core.tensor.CounterRandom;
import java.util.Arrays;
import java.util.Comparator;

/** Chooses the next token of one sequence from its logits. Pure Java, no state between calls. */
final class NextToken {
  private final GenerationSettings settings;
  private final CounterRandom random;

  NextToken(GenerationSettings settings) {
    this.settings = settings;
    this.random = CounterRandom.of(settings.seed(), "generate");
  }

  /**
   * @param logits changed in place
   * @param history prompt and generated tokens
   * @param draw names the draw: a function of sequence and place, whatever the batch
   */
  int choose(float[] logits, int[] history, long draw) {
    penaliseRepetition(logits, history);
    forbidNgrams(logits, history);
    return settings.doSample() ? draw(logits, draw) : largest(logits);
  }

  /** CTRL's rule (Keskar et al., 2019): seen tokens lose whatever their sign. */
  private void penaliseRepetition(float[] logits, int[] history) {
    if (settings.repetitionPenalty() == 1) {
      return;
    }
    float penalty = (float) settings.repetitionPenalty();
    int[] seen = Arrays.stream(history).distinct().toArray();
    for (int id : seen) {
      logits[id] = logits[id] < 0 ? logits[id] * penalty : logits[id] / penalty;
    }
  }

  private void forbidNgrams(float[] logits, int[] history) {
    int n = settings.noRepeatNgramSize();
    if (n == 0 || history.length + 1 < n) {
      return;
    }
    int prefix = history.length - (n - 1);
    for (int start = 0; start + n <= history.length; start++) {
      boolean same = true;
      for (int i = 0; i < n - 1 && same; i++) {
        same = history[start + i] == history[prefix + i];
      }
      if (same) {
        logits[history[start + n - 1]] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  private static int largest(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  private int draw(float[] logits, long draw) {
    Integer[] order = new Integer[logits.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.<Integer>comparingDouble(i -> -logits[i]));
    int kept = settings.topK() == 0 ? order.length : Math.min(settings.topK(), order.length);
    double[] weights = new double[kept];
    double total = 0;
    for (int i = 0; i < kept; i++) {
      double gap = (double) logits[order[i]] - logits[order[0]];
      weights[i] = Math.exp(gap / settings.temperature());
      total += weights[i];
    }
    double nucleus = 0;
    int end = 0;
    while (end < kept && (end == 0 || nucleus < settings.topP() * total)) {
      nucleus += weights[end++];
    }
    double point = random.uniform(draw) * nucleus;
    int chosen = 0;
    while (chosen + 1 < end && point >= weights[chosen]) {
      point -= weights[chosen++];
    }
    return order[chosen];
  }
}
