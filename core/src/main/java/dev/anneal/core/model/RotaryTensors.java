package dev.anneal.core.model;

import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.List;

/** The rotary embedding's frequencies on the device. Owns them. */
final class RotaryTensors implements AutoCloseable {
  private final Tensor frequencies;

  RotaryTensors(TensorRuntime runtime, float[] inverseFrequencies) {
    frequencies = runtime.floats(inverseFrequencies, inverseFrequencies.length);
  }

  /** [D/2]; borrowed. */
  Tensor frequencies() {
    return frequencies;
  }

  /**
   * cos and sin [N, D/2] of position ids [N], and both over the root of D; the caller owns them.
   */
  List<Tensor> of(Program program, Tensor positionIds) {
    return program.call("rotary").tensor(positionIds).tensor(frequencies).run();
  }

  @Override
  public void close() {
    frequencies.close();
  }
}
