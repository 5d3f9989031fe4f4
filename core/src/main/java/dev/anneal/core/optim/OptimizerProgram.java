package dev.anneal.core.optim;

import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.List;

/** The program of operations on runs of flat buffers. Owns a native module; one thread. */
public final class OptimizerProgram implements AutoCloseable {
  private final TensorRuntime runtime;
  private final Program program;

  private OptimizerProgram(TensorRuntime runtime, Program program) {
    this.runtime = runtime;
    this.program = program;
  }

  /** With the update of an optimizer. */
  public static OptimizerProgram open(TensorRuntime runtime, OptimizerMethod method) {
    String common = Program.source(OptimizerProgram.class, "optimizer.torchscript");
    return new OptimizerProgram(
        runtime, Program.compile(runtime, List.of(common, method.source())));
  }

  /** Begins a call of one of the optimizer's methods. */
  public Program.Call call(String method) {
    return program.call(method);
  }

  /** Sum of squares of all runs, each in fp64, added in their order. */
  public double squareSum(List<Tensor> runs) {
    if (runs.isEmpty()) {
      return 0;
    }
    try (Tensor sums = program.call("square_sums").list(runs).one()) {
      double total = 0;
      for (double sum : sums.toDoubles()) {
        total += sum;
      }
      return total;
    }
  }

  /** Multiplies every element by a factor. */
  public void scale(List<Tensor> runs, double factor) {
    if (!runs.isEmpty()) {
      try (Tensor constant = runtime.hostDoubles(factor)) {
        program.call("scale").list(runs).tensor(constant).invoke();
      }
    }
  }

  @Override
  public void close() {
    program.close();
  }
}
