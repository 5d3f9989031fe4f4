package dev.anneal.core.model.weights;

import dev.anneal.core.tensor.Tensor;
import java.util.function.BiPredicate;

/**
 * Some weights in fp32 from elsewhere, all others as another source has them. Borrows both; one
 * thread.
 *
 * @param base the source of all others
 * @param own whether a weight of a name and shape comes from elsewhere
 * @param elsewhere opens such a weight, which the caller owns
 */
public record OverlaidWeights(WeightSource base, BiPredicate<String, long[]> own, Opener elsewhere)
    implements WeightSource {

  /** Opens a weight in fp32 by its name, of the given shape. */
  public interface Opener {
    Tensor open(String name, long[] shape);
  }

  @Override
  public Tensor open(String name, long[] shape) {
    return own.test(name, shape) ? elsewhere.open(name, shape) : base.open(name, shape);
  }

  @Override
  public FrozenWeight openFrozen(String name, long[] shape) {
    return own.test(name, shape)
        ? new FrozenWeight(open(name, shape), false)
        : base.openFrozen(name, shape);
  }

  @Override
  public Tensor openRounded(String name, long[] shape) {
    return own.test(name, shape) ? open(name, shape) : base.openRounded(name, shape);
  }

  @Override
  public void read(String name, long[] shape, ValueRuns runs) {
    if (own.test(name, shape)) {
      WeightSource.super.read(name, shape, runs);
    } else {
      base.read(name, shape, runs);
    }
  }
}
