package dev.anneal.core.model.weights;

import dev.anneal.core.tensor.Tensor;
import java.util.Map;

/**
 * A weight that nobody changes, as it lies in memory.
 *
 * @param tensor fp32, or what only programs read: 16-bit floats, or the codes of {@link
 *     FourBitWeights}; whoever opened it closes it
 * @param storage what it is
 * @param parts what a program needs beside it, by the ending of its name; closed like the tensor
 */
public record FrozenWeight(Tensor tensor, Storage storage, Map<String, Tensor> parts) {

  /** What lies in memory. */
  public enum Storage {
    FLOAT32,
    HALF,
    FOUR_BIT
  }

  public FrozenWeight {
    parts = Map.copyOf(parts);
  }

  /** In one tensor, fp32 or 16-bit floats. */
  public FrozenWeight(Tensor tensor, boolean half) {
    this(tensor, half ? Storage.HALF : Storage.FLOAT32, Map.of());
  }

  public boolean half() {
    return storage == Storage.HALF;
  }

  /** Values that a program writes when it widens the weight as a whole; 0 where it is fp32. */
  long widened() {
    return switch (storage) {
      case FLOAT32 -> 0;
      case HALF -> tensor.elementCount();
      case FOUR_BIT -> 2 * tensor.elementCount();
    };
  }
}
