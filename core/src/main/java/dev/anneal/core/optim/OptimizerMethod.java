package dev.anneal.core.optim;

import dev.anneal.core.config.OptimizerConfig;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.List;

/**
 * An optimizer that settings can name, before it is opened. An implementation has a constructor
 * without arguments and its line in {@code
 * META-INF/services/dev.anneal.core.optim.OptimizerMethod}. Immutable.
 */
public interface OptimizerMethod {
  /** The value of {@code optimizer.name}, in capitals. */
  String name();

  /**
   * What it keeps of every element, one fp32 value each: the names under which a checkpoint holds
   * them, in small letters, those of {@link Optimizer#states} in their order.
   */
  List<String> states();

  /** Its update: TorchScript methods, their lines indented by two. */
  String source();

  /** Opens it with a state of zeros; the caller owns it. */
  Optimizer open(Parts parts);

  /**
   * What an optimizer is made of; all borrowed.
   *
   * @param program has the methods of {@link #source}
   * @param stateLength elements of the shard
   */
  record Parts(
      TensorRuntime runtime,
      OptimizerProgram program,
      TensorProgram tensors,
      OptimizerConfig settings,
      double weightDecay,
      long stateLength) {}
}
