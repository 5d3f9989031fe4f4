package dev.anneal.core.export;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.model.CausalLm;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.tensor.CounterRandom;
import dev.anneal.core.tensor.Tensor;
import java.util.List;
import java.util.stream.LongStream;

/**
 * How far the logits of two models are apart on a few fixed token sequences. Immutable.
 *
 * @param difference the largest |a − b|; NaN when either holds one
 * @param scale the largest |a|
 */
public record LogitComparison(double difference, double scale) {
  private static final int[] LENGTHS = {1, 7, 24};

  /** Compares two models of one vocabulary; borrows both. */
  public static LogitComparison of(TrainedModel expected, TrainedModel actual) {
    double difference = 0;
    double scale = 0;
    for (int length : LENGTHS) {
      int[] ids = sequence(length, expected.config().vocabSize());
      float[] a = logits(expected.model(), ids);
      float[] b = logits(actual.model(), ids);
      for (int i = 0; i < a.length; i++) {
        difference = Math.max(difference, Math.abs((double) a[i] - b[i])); // NaN stays NaN
        scale = Math.max(scale, Math.abs((double) a[i]));
      }
    }
    return new LogitComparison(difference, scale);
  }

  private static int[] sequence(int length, int vocabularySize) {
    CounterRandom random = CounterRandom.of(length, "logit comparison");
    int[] ids = new int[length];
    for (int i = 0; i < length; i++) {
      ids[i] = (int) (random.uniform(i) * vocabularySize);
    }
    return ids;
  }

  private static float[] logits(CausalLm model, int[] ids) {
    TokenRow row = new TokenRow(ids, ids, new int[] {ids.length});
    long[] all = LongStream.range(0, ids.length).toArray();
    try (Tensor logits = model.logits(MicroBatch.of(List.of(row), 0), all)) {
      return logits.toFloats();
    }
  }

  /** Difference ÷ scale; false for NaN. */
  public boolean within(double tolerance) {
    return difference <= tolerance * Math.max(scale, Float.MIN_NORMAL);
  }
}
