package dev.anneal.core.model;

import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.CounterRandom;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tensors of a micro-batch that all layers share. Owns them. */
final class BatchTensors implements AutoCloseable {
  private static final String ROWS = "rows";
  private static final double LARGEST_SHARE_OF_TARGETS = 0.9;
  private static final List<String> ANGLES = List.of("cos", "sin", "q_cos", "q_sin");

  private final TensorScope scope = new TensorScope();
  private final Tensor tokenIds;
  private final Map<String, Tensor> context = new LinkedHashMap<>();
  private Map<String, Tensor> lastContext = context;

  BatchTensors(
      TensorRuntime runtime,
      Program program,
      RotaryTensors rotary,
      long[] tokenIds,
      long[] positionIds,
      long[] lengths) {
    this.tokenIds = scope.own(runtime.longs(tokenIds, tokenIds.length));
    try (Tensor positions = runtime.longs(positionIds, positionIds.length)) {
      List<Tensor> angles = rotary.of(program, positions);
      for (int i = 0; i < ANGLES.size(); i++) {
        context.put(ANGLES.get(i), scope.own(angles.get(i)));
      }
    }
    context.put("lengths", scope.own(runtime.longs(lengths, lengths.length)));
  }

  /** Adds what random masks are keyed by: one number a token. */
  BatchTensors withRandomKeys(TensorRuntime runtime, MicroBatch batch) {
    long[] keys = new long[batch.tokenCount()];
    int at = 0;
    for (int s = 0; s < batch.sequenceLengths().length; s++) {
      long sample = CounterRandom.mix(batch.sampleKeys()[s] + 1);
      for (int i = 0; i < batch.sequenceLengths()[s]; i++) {
        keys[at++] = CounterRandom.mix(sample + i);
      }
    }
    context.put("random_keys", scope.own(runtime.longs(keys, keys.length)));
    return this;
  }

  /**
   * Gives the last layer a context of its own where that saves a tenth of its rows: behind its
   * attention it computes those with a target alone. Comes after what else is added.
   */
  BatchTensors withTargetRows(TensorRuntime runtime, MicroBatch batch) {
    if (batch.targetCount() <= LARGEST_SHARE_OF_TARGETS * batch.tokenCount()) {
      lastContext = new LinkedHashMap<>(context);
      lastContext.put(ROWS, scope.own(runtime.longs(batch.targetRows(), batch.targetCount())));
    }
    return this;
  }

  Tensor tokenIds() {
    return tokenIds;
  }

  Map<String, Tensor> context() {
    return context;
  }

  /** Of the last layer in training. */
  Map<String, Tensor> lastContext() {
    return lastContext;
  }

  /** Whether the last layer's output has the rows with a target alone. */
  boolean targetRowsAlone() {
    return lastContext.containsKey(ROWS);
  }

  @Override
  public void close() {
    scope.close();
  }
}
