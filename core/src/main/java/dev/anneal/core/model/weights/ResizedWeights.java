package dev.anneal.core.model.weights;

import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.weights.WeightSource.ValueRuns;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HostMemory;
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
    Tensor matrix = runtime.zeros(shape);
    try {
      Rows rows = new Rows(matrix.region(), Math.toIntExact(shape[1]));
      stored.read(name, new long[] {storedRows, shape[1]}, rows);
      rows.fillRest(storedRows);
      return matrix;
    } catch (RuntimeException | Error e) {
      matrix.close();
      throw e;
    }
  }

  /** Puts the stored rows that fit into a matrix, which it borrows, and sums all of them. */
  private static final class Rows implements ValueRuns {
    private final FloatRegion matrix;
    private final double[] sums;
    private long seen;

    Rows(FloatRegion matrix, int width) {
      this.matrix = matrix;
      this.sums = new double[width];
    }

    @Override
    public void add(float[] values, int count) {
      for (int i = 0; i < count; i++) {
        sums[(int) ((seen + i) % sums.length)] += values[i];
      }
      if (seen < matrix.length()) {
        put(values, seen, (int) Math.min(count, matrix.length() - seen));
      }
      seen += count;
    }

    void fillRest(int storedRows) {
      float[] mean = new float[sums.length];
      for (int i = 0; i < mean.length; i++) {
        mean[i] = (float) (sums[i] / storedRows);
      }
      for (long at = seen; at < matrix.length(); at += mean.length) {
        put(mean, at, mean.length);
      }
    }

    private void put(float[] values, long at, int count) {
      HostMemory.bytes(matrix.slice(at, count)).asFloatBuffer().put(values, 0, count);
    }
  }
}
