package dev.anneal.core.optim;

import dev.anneal.core.tensor.Tensor;
import java.util.List;

/**
 * Updates runs of a flat parameter buffer from their gradients. Owns its state, one value of each
 * kind an element. One thread.
 */
public interface Optimizer extends AutoCloseable {
  /**
   * A run of elements that share their settings; all tensors are 1-D views of equal length.
   *
   * @param stateOffset first element within the optimizer's state
   * @param decay whether weight decay applies
   * @param rateScale how many times the learning rate they take
   */
  record Run(
      Tensor parameters,
      Tensor gradients,
      long stateOffset,
      long length,
      boolean decay,
      double rateScale) {}

  /** Applies one update; {@code step} counts from 1. */
  void step(List<Run> runs, double learningRate, long step);

  /** State tensors by their name in a checkpoint; borrowed. */
  List<State> states();

  /** One kind of state: a flat fp32 tensor over the shard. */
  record State(String name, Tensor values) {}

  @Override
  void close();
}
