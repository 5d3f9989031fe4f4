package dev.anneal.core.model;

import dev.anneal.core.script.BoundCall;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Keys and values of a batch of sequences while they grow token by token; prompts may differ in
 * length. A token is two calls of the program, over memory that is allocated once: nothing but the
 * few objects of the calls is made in Java. Owns caches, buffers and calls. One thread.
 */
public final class DecodeSession implements AutoCloseable {
  private final TensorRuntime runtime;
  private final ModelParts parts;
  private final int batchSize;
  private final int maxTokens;
  private final int virtualTokens;
  private final int vocabulary;
  private final TensorScope scope = new TensorScope();
  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();
  private final LongBuffer ids;
  private final LongBuffer lengths;
  private final FloatBuffer logits;
  private final Tensor logitsTensor;
  private final BoundCall decode;
  private final BoundCall decodeLogits;

  DecodeSession(
      TensorRuntime runtime,
      ModelParts parts,
      DecodeWeights weights,
      int batchSize,
      int maxTokens) {
    this.runtime = runtime;
    this.parts = parts;
    this.batchSize = batchSize;
    this.maxTokens = maxTokens;
    this.virtualTokens = parts.virtualTokens().map(virtual -> virtual.tokens().count()).orElse(0);
    this.vocabulary = Math.toIntExact(parts.vocabularySize());
    long heads = parts.keyValueHeads();
    long width = parts.headDim();
    for (int i = 0; i < parts.layers().size(); i++) {
      keys.add(scope.own(runtime.zeros(batchSize, heads, cached(), width)));
      values.add(scope.own(runtime.zeros(batchSize, heads, cached(), width)));
    }
    ByteBuffer idBytes = direct(Long.BYTES * batchSize);
    ByteBuffer lengthBytes = direct(Long.BYTES * batchSize);
    ByteBuffer logitBytes = direct(Math.multiplyExact(Float.BYTES * batchSize, vocabulary));
    ids = idBytes.asLongBuffer();
    lengths = lengthBytes.asLongBuffer();
    logits = logitBytes.asFloatBuffer();
    logitsTensor = scope.own(runtime.borrowFloats(logitBytes, batchSize, vocabulary));
    Tensor hidden = scope.own(runtime.zeros(batchSize, parts.hiddenSize()));
    Program program = parts.program();
    decode =
        program
            .bind("decode")
            .tensor(scope.own(runtime.borrowLongs(idBytes, batchSize)))
            .tensor(scope.own(runtime.borrowLongs(lengthBytes, batchSize)))
            .tensor(parts.rotary().frequencies())
            .dict(parts.embedding().tensors())
            .dicts(weights.layers())
            .list(keys)
            .list(values)
            .tensor(hidden)
            .bind();
    decodeLogits =
        program
            .bind("decode_logits")
            .tensor(hidden)
            .dict(weights.head())
            .tensor(logitsTensor)
            .bind();
  }

  /** Tokens of a sequence that the caches have room for. */
  private int cached() {
    return virtualTokens + maxTokens;
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  /** Reads the prompts; afterwards {@link #logits} are those after each one's last token. */
  public void prefill(List<int[]> prompts) {
    if (prompts.size() != batchSize) {
      throw new IllegalArgumentException(
          "Invalid prompts: " + prompts.size() + " (expected " + batchSize + ")");
    }
    int total = prompts.stream().mapToInt(prompt -> prompt.length).sum();
    long[] tokens = new long[total];
    long[] positions = new long[total];
    long[] sizes = new long[batchSize];
    long[] none = new long[0];
    int at = 0;
    for (int b = 0; b < batchSize; b++) {
      int[] prompt = prompts.get(b);
      if (prompt.length == 0 || prompt.length > maxTokens) {
        throw new IllegalArgumentException(
            "Invalid prompt: " + prompt.length + " tokens (must be in [1, " + maxTokens + "])");
      }
      for (int i = 0; i < prompt.length; i++, at++) {
        tokens[at] = prompt[i];
        positions[at] = i;
      }
      sizes[b] = prompt.length;
      lengths.put(b, (long) virtualTokens + prompt.length);
    }
    MicroBatch own = new MicroBatch(tokens, positions, sizes, none, none, new long[batchSize]);
    MicroBatch batch =
        parts.virtualTokens().map(virtual -> virtual.tokens().before(own)).orElse(own);
    runtime.withoutGradients(
        () -> {
          try (BatchTensors tensors = new BatchTensors(runtime, parts, batch);
              Tensor rows = runtime.longs(lastRows(batch), batchSize);
              Tensor hidden = layers(tensors);
              Tensor result = parts.logits(hidden, rows)) {
            parts.tensorProgram().copy(logitsTensor, result);
            return true;
          }
        });
  }

  /** Adds one token to each sequence; afterwards {@link #logits} are those after it. */
  public void step(int[] tokens) {
    for (int b = 0; b < batchSize; b++) {
      if (lengths.get(b) >= cached()) {
        throw new IllegalStateException("Cannot add a token: the cache holds " + maxTokens);
      }
      ids.put(b, tokens[b]);
    }
    decode.invoke();
    decodeLogits.invoke();
    for (int b = 0; b < batchSize; b++) {
      lengths.put(b, lengths.get(b) + 1);
    }
  }

  /** Copies a sequence's logits, one a word of the vocabulary. */
  public void logits(int sequence, float[] target) {
    logits.get(sequence * vocabulary, target, 0, vocabulary);
  }

  private static long[] lastRows(MicroBatch batch) {
    long[] last = batch.sequenceLengths().clone();
    Arrays.parallelPrefix(last, Long::sum);
    return LongStream.of(last).map(end -> end - 1).toArray();
  }

  private Tensor layers(BatchTensors tensors) {
    Tensor embedded = parts.embedded(tensors.tokenIds());
    tensors.virtual().ifPresent(tokens -> tokens.putInto(embedded));
    Tensor hidden = embedded;
    for (int i = 0; i < parts.layers().size(); i++) {
      try (Tensor input = hidden) {
        hidden =
            parts
                .program()
                .call("layer_prefill")
                .tensor(input)
                .dict(parts.layers().get(i).tensors())
                .dict(tensors.context(i))
                .tensor(keys.get(i))
                .tensor(values.get(i))
                .one();
      }
    }
    return hidden;
  }

  @Override
  public void close() {
    decode.close();
    decodeLogits.close();
    scope.close();
  }
}
