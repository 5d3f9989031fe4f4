package dev.anneal.core.model;

import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.CounterRandom;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/** The tensors of a micro-batch that all layers share. Owns them. */
final class BatchTensors implements AutoCloseable {
  private static final String ROWS = "rows";
  private static final String RANDOM_KEYS = "random_keys";
  private static final double LARGEST_SHARE_OF_TARGETS = 0.9;
  private static final List<String> ANGLES = List.of("cos", "sin", "q_cos", "q_sin");

  private final TensorScope scope = new TensorScope();
  private final Tensor tokenIds;
  private final Map<String, Tensor> context = new LinkedHashMap<>();
  private Map<String, Tensor> lastContext = context;
  private final Optional<PlacedTokens> virtual;
  private Optional<Tensor> noiseScales = Optional.empty();
  private Tensor noisePlace;

  /**
   * @param batch with room for the virtual tokens, if there are any
   */
  BatchTensors(TensorRuntime runtime, ModelParts parts, MicroBatch batch) {
    this.tokenIds = scope.own(runtime.longs(batch.tokenIds(), batch.tokenCount()));
    try (Tensor positions = runtime.longs(batch.positionIds(), batch.tokenCount())) {
      List<Tensor> angles = parts.rotary().of(parts.program(), positions);
      for (int i = 0; i < ANGLES.size(); i++) {
        context.put(ANGLES.get(i), scope.own(angles.get(i)));
      }
    }
    long[] lengths = batch.sequenceLengths();
    context.put("lengths", scope.own(runtime.hostLongs(lengths)));
    if (parts.attention().readsBoundaries()) {
      int prefix = parts.virtualTokens().map(own -> own.tokens().prefix()).orElse(0);
      putBoundaries(runtime, lengths, prefix);
    }
    virtual = parts.virtualTokens().map(tokens -> scope.own(tokens.place(batch)));
  }

  private void putBoundaries(TensorRuntime runtime, long[] lengths, int prefix) {
    long[] ends = new long[lengths.length + 1];
    long[] keyEnds = new long[ends.length];
    long longest = 0;
    for (int s = 0; s < lengths.length; s++) {
      ends[s + 1] = ends[s] + lengths[s];
      keyEnds[s + 1] = keyEnds[s] + prefix + lengths[s];
      longest = Math.max(longest, lengths[s]);
    }
    context.put("boundaries", scope.own(runtime.longs(ends, ends.length)));
    context.put("key_boundaries", scope.own(runtime.longs(keyEnds, keyEnds.length)));
    context.put("longest", scope.own(runtime.hostLongs(longest, prefix + longest)));
  }

  /** Adds what random masks are keyed by: one number a token. */
  BatchTensors withRandomKeys(TensorRuntime runtime, MicroBatch batch) {
    long[] keys = keys(batch);
    context.put(RANDOM_KEYS, scope.own(runtime.longs(keys, keys.length)));
    return this;
  }

  /** Those of the rows with a target, where there are any; the caller owns them. */
  Optional<Tensor> targetKeys(TensorRuntime runtime, MicroBatch batch) {
    if (!context.containsKey(RANDOM_KEYS)) {
      return Optional.empty();
    }
    long[] all = keys(batch);
    long[] keys = LongStream.of(batch.targetRows()).map(row -> all[(int) row]).toArray();
    return Optional.of(runtime.longs(keys, keys.length));
  }

  private static long[] keys(MicroBatch batch) {
    long[] keys = new long[batch.tokenCount()];
    int at = 0;
    for (int s = 0; s < batch.sequenceLengths().length; s++) {
      long sample = CounterRandom.mix(batch.sampleKeys()[s] + 1);
      for (int i = 0; i < batch.sequenceLengths()[s]; i++) {
        keys[at++] = CounterRandom.mix(sample + i);
      }
    }
    return keys;
  }

  /**
   * Adds noise for what the layers read; comes after the keys.
   *
   * @param scales the bound of each token's
   */
  BatchTensors withNoise(TensorRuntime runtime, float[] scales) {
    noiseScales = Optional.of(scope.own(runtime.floats(scales, scales.length, 1)));
    noisePlace = scope.own(runtime.hostDoubles(InputNoise.place()));
    return this;
  }

  /** Adds the noise, where there is any, to the embedding's output [N, hidden]. */
  void addNoiseTo(Program program, Tensor embedded) {
    if (noiseScales.isPresent()) {
      program
          .call("add_noise")
          .tensor(embedded)
          .tensor(context.get(RANDOM_KEYS))
          .tensor(noisePlace)
          .tensor(noiseScales.get())
          .invoke();
    }
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

  /** What a layer sees of the micro-batch, all rows of it. */
  Map<String, Tensor> context(int layer) {
    return of(layer, context);
  }

  /** Of the last layer in training. */
  Map<String, Tensor> lastContext(int layer) {
    return of(layer, lastContext);
  }

  private Map<String, Tensor> of(int layer, Map<String, Tensor> shared) {
    return virtual.map(tokens -> tokens.context(layer, shared)).orElse(shared);
  }

  /** Where a method has virtual tokens. */
  Optional<PlacedTokens> virtual() {
    return virtual;
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
