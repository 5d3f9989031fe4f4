package dev.anneal.core.model.gradients;

import dev.anneal.core.tensor.FreeMemoryBound;

/**
 * How a micro-batch's gradients are computed.
 *
 * @param factor what they are multiplied by
 * @param freeMemory kept after each layer
 * @param sink hears of the parts of the walk as the backward comes by them
 */
public record GradientPass(double factor, FreeMemoryBound freeMemory, GradientSink sink) {

  /** As they are, into the sums alone. */
  public static GradientPass plain() {
    return new GradientPass(1, new FreeMemoryBound(), GradientSink.NONE);
  }

  /** The same with nobody who hears of it, for a part of the micro-batch. */
  public GradientPass unheard() {
    return new GradientPass(factor, freeMemory, GradientSink.NONE);
  }
}
