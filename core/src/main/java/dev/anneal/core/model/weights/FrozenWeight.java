package dev.anneal.core.model.weights;

import dev.anneal.core.tensor.Tensor;

/**
 * A weight that nobody changes, as it lies in memory.
 *
 * @param tensor fp32, or 16-bit floats that only programs read; whoever opened it closes it
 * @param half whether it is widened to fp32 at each use
 */
public record FrozenWeight(Tensor tensor, boolean half) {}
