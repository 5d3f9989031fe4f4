package dev.anneal.core.assembly;

import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.CounterRandom;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.List;
import java.util.function.Function;

/**
 * Logistic noise in a method's buffers while a step computes its gradients, and zeros outside: a
 * function of (seed, buffer, step, element) alone. Borrows the buffers, owns its program. One
 * thread.
 */
final class StepNoise implements AutoCloseable {
  private final TensorRuntime runtime;
  private final List<ParameterSpec> buffers;
  private final Function<String, Tensor> tensor;
  private final long seed;
  private final Program program;

  StepNoise(
      TensorRuntime runtime,
      List<ParameterSpec> buffers,
      Function<String, Tensor> tensor,
      long seed) {
    this.runtime = runtime;
    this.buffers = List.copyOf(buffers);
    this.tensor = tensor;
    this.seed = seed;
    this.program =
        Program.compile(runtime, List.of(Program.source(StepNoise.class, "noise.torchscript")));
  }

  /**
   * @param step completed ones before it
   */
  void begin(long step) {
    for (ParameterSpec buffer : buffers) {
      long key = CounterRandom.of(seed, buffer.name() + ":" + step).key();
      try (Tensor keys = runtime.hostLongs(key)) {
        program.call("logistic_").tensor(tensor.apply(buffer.name())).tensor(keys).invoke();
      }
    }
  }

  void end() {
    for (ParameterSpec buffer : buffers) {
      program.call("silence_").tensor(tensor.apply(buffer.name())).invoke();
    }
  }

  @Override
  public void close() {
    program.close();
  }
}
