package dev.anneal.core.model.weights;

import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;

/**
 * A model's weights with more or fewer rows in its embeddings and its output matrix than are
 * stored: the first rows are the stored ones, and each new one is the mean of all that are stored,
 * summed in fp64. (transformers 5 draws new rows from a normal distribution with that mean and 1e-9
 * of the covariance.) Such a matrix is a copy in fp32. Borrows the stored weights; one thread.
 */
public final class ResizedWeights {
  private final TensorRuntime runtime;
  private final WeightSource stored;
  private final int storedRows;

  private ResizedWeights(TensorRuntime runtime, WeightSource stored, int storedRows) {
    this.runtime = runtime;
    this.stored = stored;
    this.storedRows = storedRows;
  }

  /**
   * The weights as a source.
   *
   * @param storedRows of embeddings and output matrix
   */
  public static WeightSource over(TensorRuntime runtime, WeightSource stored, int storedRows) {
    return new OverlaidWeights(
        stored,
        (name, shape) -> WeightNames.EMBEDDINGS.contains(name) && shape[0] != storedRows,
        new ResizedWeights(runtime, stored, storedRows)::fill);
  }

  private Tensor fill(String name, long[] shape) {
    int width = Math.toIntExact(shape[1]);
    float[] values = new float[Math.toIntExact(Math.multiplyExact(shape[0], shape[1]))];
    try (Tensor matrix = stored.open(name, new long[] {storedRows, width})) {
      float[] rows = matrix.toFloats();
      System.arraycopy(rows, 0, values, 0, Math.min(rows.length, values.length));
      float[] mean = mean(rows, width);
      for (int at = rows.length; at < values.length; at += width) {
        System.arraycopy(mean, 0, values, at, width);
      }
    }
    return runtime.floats(values, shape);
  }

  private float[] mean(float[] rows, int width) {
    double[] sums = new double[width];
    for (int i = 0; i < rows.length; i++) {
      sums[i % width] += rows[i];
    }
    float[] mean = new float[width];
    for (int i = 0; i < width; i++) {
      mean[i] = (float) (sums[i] / storedRows);
    }
    return mean;
  }
}
