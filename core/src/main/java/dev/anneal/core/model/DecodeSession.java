package dev.anneal.core.model;

import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Keys and values of a batch of sequences while they grow token by token; prompts may differ in
 * length. Owns the preallocated caches. One thread.
 */
public final class DecodeSession implements AutoCloseable {
  private final TensorRuntime runtime;
  private final ModelParts parts;
  private final int batchSize;
  private final int maxTokens;
  private final TensorScope scope = new TensorScope();
  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();
  private final long[] lengths;

  DecodeSession(TensorRuntime runtime, ModelParts parts, int batchSize, int maxTokens) {
    this.runtime = runtime;
    this.parts = parts;
    this.batchSize = batchSize;
    this.maxTokens = maxTokens;
    this.lengths = new long[batchSize];
    long heads = parts.keyValueHeads();
    long width = parts.headDim();
    for (int i = 0; i < parts.layers().size(); i++) {
      keys.add(scope.own(runtime.zeros(batchSize, heads, maxTokens, width)));
      values.add(scope.own(runtime.zeros(batchSize, heads, maxTokens, width)));
    }
  }

  /** Reads the prompts; gives the logits after each one's last token, [batch][vocabulary]. */
  public float[][] prefill(List<int[]> prompts) {
    if (prompts.size() != batchSize) {
      throw new IllegalArgumentException(
          "Invalid prompts: " + prompts.size() + " (expected " + batchSize + ")");
    }
    int total = prompts.stream().mapToInt(prompt -> prompt.length).sum();
    long[] ids = new long[total];
    long[] positions = new long[total];
    long[] last = new long[batchSize];
    int at = 0;
    for (int b = 0; b < batchSize; b++) {
      int[] prompt = prompts.get(b);
      if (prompt.length == 0 || prompt.length > maxTokens) {
        throw new IllegalArgumentException(
            "Invalid prompt: " + prompt.length + " tokens (must be in [1, " + maxTokens + "])");
      }
      for (int i = 0; i < prompt.length; i++, at++) {
        ids[at] = prompt[i];
        positions[at] = i;
      }
      lengths[b] = prompt.length;
      last[b] = at - 1;
    }
    return run("layer_prefill", ids, positions, last);
  }

  /** Adds one token to each sequence; gives the logits after it, [batch][vocabulary]. */
  public float[][] step(int[] tokens) {
    long[] ids = Arrays.stream(tokens).asLongStream().toArray();
    long[] rows = new long[batchSize];
    for (int b = 0; b < batchSize; b++) {
      if (lengths[b] >= maxTokens) {
        throw new IllegalStateException("Cannot add a token: the cache holds " + maxTokens);
      }
      rows[b] = b;
    }
    float[][] logits = run("layer_decode", ids, lengths.clone(), rows);
    for (int b = 0; b < batchSize; b++) {
      lengths[b]++;
    }
    return logits;
  }

  private float[][] run(String method, long[] ids, long[] positions, long[] rows) {
    return runtime.withoutGradients(
        () -> {
          try (BatchTensors tensors =
                  new BatchTensors(
                      runtime, parts.program(), parts.rotary(), ids, positions, lengths);
              Tensor places = runtime.longs(positions, positions.length);
              Tensor rowIndex = runtime.longs(rows, rows.length)) {
            tensors.context().put("positions", places);
            try (Tensor hidden = layers(method, tensors);
                Tensor logits = parts.logits(hidden, rowIndex)) {
              return split(logits.toFloats());
            }
          }
        });
  }

  private Tensor layers(String method, BatchTensors tensors) {
    Tensor hidden =
        parts.program().call("embed").tensor(tensors.tokenIds()).tensor(parts.embedding()).one();
    for (int i = 0; i < parts.layers().size(); i++) {
      try (Tensor input = hidden) {
        hidden =
            parts
                .program()
                .call(method)
                .tensor(input)
                .dict(parts.layers().get(i).tensors())
                .dict(tensors.context())
                .tensor(keys.get(i))
                .tensor(values.get(i))
                .one();
      }
    }
    return hidden;
  }

  private float[][] split(float[] flat) {
    int vocabulary = flat.length / batchSize;
    float[][] rows = new float[batchSize][];
    for (int b = 0; b < batchSize; b++) {
      rows[b] = Arrays.copyOfRange(flat, b * vocabulary, (b + 1) * vocabulary);
    }
    return rows;
  }

  @Override
  public void close() {
    scope.close();
  }
}
