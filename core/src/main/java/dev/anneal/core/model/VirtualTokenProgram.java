package dev.anneal.core.model;

import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Computes a method's virtual tokens, once a micro-batch, and their parameters' gradients. Borrows
 * program and parameters. One thread.
 */
final class VirtualTokenProgram {
  private final TensorRuntime runtime;
  private final Program program;
  private final VirtualTokens tokens;
  private final long[] prefixShape;
  private final Map<String, Tensor> leaves = new LinkedHashMap<>();
  private final List<Tensor> gradients;

  /**
   * @param prefixShape of the gradients of a layer's keys: [key-value heads, head width, count]
   */
  VirtualTokenProgram(
      TensorRuntime runtime,
      Program program,
      VirtualTokens tokens,
      FlatParameters trained,
      long[] prefixShape) {
    this.runtime = runtime;
    this.program = program;
    this.tokens = tokens;
    this.prefixShape = prefixShape.clone();
    for (ParameterSpec spec : tokens.parameters()) {
      leaves.put(spec.name(), trained.leaf(spec.name()));
    }
    this.gradients = tokens.parameters().stream().map(s -> trained.gradient(s.name())).toList();
  }

  VirtualTokens tokens() {
    return tokens;
  }

  /** The vectors, [count, width]; with the graph behind them where gradients are on. Owned. */
  Tensor vectors() {
    return program.call("virtual_tokens").dict(leaves).one();
  }

  /** The vectors where they enter the model, for a micro-batch that has room for them. */
  PlacedTokens place(MicroBatch batch) {
    return tokens.place() == VirtualTokens.Place.INPUT
        ? PlacedTokens.inRows(this, virtualRows(batch))
        : PlacedTokens.asPrefix(this);
  }

  /** Rows of the virtual tokens, sample after sample. */
  private long[] virtualRows(MicroBatch batch) {
    long[] rows = new long[tokens.count() * batch.sequenceLengths().length];
    long start = 0;
    int at = 0;
    for (long length : batch.sequenceLengths()) {
      for (int i = 0; i < tokens.count(); i++) {
        rows[at++] = start + i;
      }
      start += length;
    }
    return rows;
  }

  TensorRuntime runtime() {
    return runtime;
  }

  Program program() {
    return program;
  }

  Tensor zeroPrefix() {
    return runtime.zeros(prefixShape);
  }

  /** Where the parameters' gradients are summed; borrowed. */
  List<Tensor> gradients() {
    return gradients;
  }

  /** Adds the parameters' gradients to their sums. */
  void backward(Tensor vectors, Tensor gradient) {
    program
        .call("virtual_tokens_backward")
        .tensor(vectors)
        .tensor(gradient)
        .list(List.copyOf(leaves.values()))
        .list(gradients)
        .invoke();
  }
}
