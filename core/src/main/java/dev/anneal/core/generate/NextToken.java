package dev.anneal.core.generate;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.tensor.CounterRandom;
import java.util.Arrays;

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
   * @param history prompt and generated tokens, and room for more
   * @param length how many of them there are
   * @param draw names the draw: a function of sequence and place, whatever the batch
   */
  int choose(float[] logits, int[] history, int length, long draw) {
    penaliseRepetition(logits, history, length);
    forbidNgrams(logits, history, length);
    int chosen = settings.doSample() ? draw(logits, draw) : largest(logits);
    if (Float.isNaN(logits[chosen])) {
      throw new ConfigException(
          "Cannot generate: the model's logits are NaN (do the weights of model.path or"
              + " adapter.path hold NaN?)");
    }
    return chosen;
  }

  /** CTRL's rule (Keskar et al., 2019): seen tokens lose whatever their sign. */
  private void penaliseRepetition(float[] logits, int[] history, int length) {
    if (settings.repetitionPenalty() == 1) {
      return;
    }
    float penalty = (float) settings.repetitionPenalty();
    int[] seen = Arrays.stream(history, 0, length).distinct().toArray();
    for (int id : seen) {
      logits[id] = logits[id] < 0 ? logits[id] * penalty : logits[id] / penalty;
    }
  }

  private void forbidNgrams(float[] logits, int[] history, int length) {
    int n = settings.noRepeatNgramSize();
    if (n == 0 || length + 1 < n) {
      return;
    }
    int prefix = length - (n - 1);
    for (int start = 0; start + n <= length; start++) {
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
    long[] order = settings.topK() == 0 ? sorted(logits) : largest(logits, settings.topK());
    double[] weights = new double[order.length];
    double total = 0;
    for (int i = 0; i < order.length; i++) {
      double gap = (double) logits[id(order[i])] - logits[id(order[0])];
      weights[i] = Math.exp(gap / settings.temperature());
      total += weights[i];
    }
    double nucleus = 0;
    int end = 0;
    while (end < order.length && (end == 0 || nucleus < settings.topP() * total)) {
      nucleus += weights[end++];
    }
    double point = random.uniform(draw) * nucleus;
    int chosen = 0;
    while (chosen + 1 < end && point >= weights[chosen]) {
      point -= weights[chosen++];
    }
    return id(order[chosen]);
  }

  /** All ids as {@link #rank}s, the most likely first. */
  private static long[] sorted(float[] logits) {
    long[] ranks = new long[logits.length];
    for (int i = 0; i < logits.length; i++) {
      ranks[i] = rank(logits[i], i);
    }
    Arrays.sort(ranks);
    return ranks;
  }

  /** The first {@code count} of {@link #sorted}, by insertion: few of a large vocabulary get in. */
  private static long[] largest(float[] logits, int count) {
    long[] best = new long[Math.min(count, logits.length)];
    int size = 0;
    for (int i = 0; i < logits.length; i++) {
      long rank = rank(logits[i], i);
      if (size == best.length && rank >= best[size - 1]) {
        continue;
      }
      int at = size < best.length ? size++ : size - 1;
      while (at > 0 && best[at - 1] > rank) {
        best[at] = best[--at];
      }
      best[at] = rank;
    }
    return best;
  }

  /** A number that is smaller the larger the logit, equal logits in the order of ids. */
  private static long rank(float logit, int id) {
    int bits = Float.floatToIntBits(logit);
    int ascending = bits ^ (bits >> 31 & Integer.MAX_VALUE);
    return (long) ~ascending << Integer.SIZE | id;
  }

  private static int id(long rank) {
    return (int) rank;
  }
}
