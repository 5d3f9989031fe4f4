package dev.anneal.core.model;

import dev.anneal.core.model.gradients.GradientSink;
import dev.anneal.core.model.gradients.GradientWalk;
import dev.anneal.core.model.weights.WeightSource;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * A decoder language model: embedding, decoder layers one program call each way, and a head that
 * never holds all logits. Borrows weights and flat parameters, owns its programs. One thread.
 */
public final class CausalLm implements AutoCloseable {
  private final TensorRuntime runtime;
  private final ModelParts parts;
  private final LayerStorage storage;
  private final LayerProgram keeping;
  private final ForwardLayers forward;
  private final LayerProgram recomputing;
  private final int firstKept;
  private final TensorScope scope = new TensorScope();
  private final Tensor lossSum;
  private final Tensor chunkRows;
  private final Map<String, Tensor> headSums = new LinkedHashMap<>();
  private final Optional<CausalLm> base;
  private Optional<DecodeWeights> decodeWeights = Optional.empty();

  /** Takes ownership of the parts. */
  public CausalLm(TensorRuntime runtime, ModelParts parts, LayerStorage storage) {
    this(runtime, parts, storage, Optional.empty());
  }

  /**
   * Takes ownership of the parts.
   *
   * @param base has the same frozen weights: what it lays out for generation serves this model too,
   *     which it must outlive
   */
  public CausalLm(
      TensorRuntime runtime, ModelParts parts, LayerStorage storage, Optional<CausalLm> base) {
    this.runtime = runtime;
    this.parts = parts;
    this.base = base;
    this.storage = storage;
    this.keeping = parts.layerProgram();
    this.forward = new ForwardLayers(runtime, keeping, parts.layers());
    this.recomputing = new RecomputedLayers(keeping, runtime);
    this.firstKept =
        (int)
            Math.min(
                parts.layers().size(), (long) parts.lowestTrainedLayer() + storage.recomputed());
    lossSum = scope.own(runtime.doubles(new double[1], 1));
    long rows = HeadMemory.chunkRows(parts.vocabularySize());
    chunkRows = scope.own(runtime.hostLongs(rows));
    headSums.put("loss", lossSum);
    headSums.putAll(parts.head().gradients());
  }

  /**
   * The same model for another thread, with a runtime and gradients of its own; this one must
   * outlive it.
   */
  public CausalLm replica(TensorRuntime runtime, TensorProgram program, FlatParameters parameters) {
    return new CausalLm(runtime, parts.replica(runtime, program, parameters), storage);
  }

  /** Adds the gradient of the micro-batch's summed loss to the flat gradients. */
  public LossSum forwardBackward(MicroBatch rows) {
    return forwardBackward(rows, InputNoise.NONE, 1);
  }

  /**
   * The same with noise on what the layers read.
   *
   * @param gradientFactor what the gradient is multiplied by
   */
  public LossSum forwardBackward(MicroBatch rows, InputNoise noise, double gradientFactor) {
    return forwardBackward(rows, noise, gradientFactor, GradientSink.NONE);
  }

  /**
   * The same.
   *
   * @param sink hears of the parts of {@link #gradientWalk} as the backward comes by them
   */
  public LossSum forwardBackward(
      MicroBatch rows, InputNoise noise, double gradientFactor, GradientSink sink) {
    MicroBatch batch = withVirtualTokens(rows);
    if (batch.targetCount() == 0) {
      return new LossSum(0, 0, rows.tokenCount());
    }
    Deque<LayerProgram.LayerForward> saved = new ArrayDeque<>();
    int lowest = parts.lowestTrainedLayer();
    try (BatchTensors tensors = tensors(batch, noise);
        Tensor lowestInput = hidden(lowest, tensors)) {
      Tensor hidden = lowestInput;
      for (int i = lowest; i < parts.layers().size(); i++) {
        Map<String, Tensor> context =
            i == parts.layers().size() - 1 ? tensors.lastContext(i) : tensors.context(i);
        saved.push(program(i).forward(parts.layers().get(i), hidden, context));
        hidden = saved.peek().output();
      }
      boolean alone = !saved.isEmpty() && tensors.targetRowsAlone();
      sink.begin(GradientWalk.HEAD);
      Tensor gradient = head(hidden, batch, alone, tensors, gradientFactor);
      backward(saved, gradient, tensors, sink);
      return new LossSum(lossSum.toDoubles()[0], batch.targetCount(), rows.tokenCount());
    } finally {
      saved.forEach(LayerProgram.LayerForward::close);
    }
  }

  /** Walks the saved layers from the last to the first; closes them and the gradients. */
  private void backward(
      Deque<LayerProgram.LayerForward> saved,
      Tensor headGradient,
      BatchTensors tensors,
      GradientSink sink) {
    Tensor gradient = headGradient;
    int lowest = parts.lowestTrainedLayer();
    int layers = parts.layers().size();
    try {
      sink.end(GradientWalk.HEAD);
      for (int i = layers - 1; i >= lowest; i--) {
        sink.begin(GradientWalk.layer(i, layers));
        boolean inputNeeded = i > lowest || parts.inputGradientNeeded();
        try (LayerProgram.LayerForward forward = saved.pop();
            Tensor outputGradient = gradient) {
          gradient = null;
          gradient =
              program(i)
                  .backward(parts.layers().get(i), forward, outputGradient, inputNeeded)
                  .orElse(null);
        }
        sink.end(GradientWalk.layer(i, layers));
      }
      sink.begin(GradientWalk.bottom(layers));
      if (tensors.virtual().isPresent()) {
        tensors.virtual().get().backward(gradient);
      }
      if (parts.embedding().trained() && gradient != null) {
        parts
            .program()
            .call("embed_backward")
            .tensor(tensors.tokenIds())
            .tensor(gradient)
            .dict(parts.embedding().tensors())
            .dict(parts.embedding().gradients())
            .invoke();
      }
      sink.end(GradientWalk.bottom(layers));
    } finally {
      if (gradient != null) {
        gradient.close();
      }
    }
  }

  /** Which trained parameters a backward adds to, and in what order. */
  public GradientWalk gradientWalk() {
    return parts.gradientWalk();
  }

  private LayerProgram program(int layer) {
    return layer < firstKept ? recomputing : keeping;
  }

  /**
   * @param alone whether hidden has the rows with a target and no others
   */
  private Tensor head(
      Tensor hidden, MicroBatch batch, boolean alone, BatchTensors shared, double gradientFactor) {
    long[] targetRows =
        alone ? LongStream.range(0, batch.targetCount()).toArray() : batch.targetRows();
    resetLoss();
    try (TensorScope own = new TensorScope()) {
      Map<String, Tensor> context = headContext(own, targetRows, batch);
      shared.targetKeys(runtime, batch).ifPresent(k -> context.put("random_keys", own.own(k)));
      if (gradientFactor != 1) {
        context.put("gradient_factor", own.own(runtime.hostDoubles(gradientFactor)));
      }
      return parts
          .program()
          .call("head_loss")
          .tensor(hidden)
          .dict(parts.head().tensors())
          .dict(context)
          .dict(headSums)
          .one();
    }
  }

  private Map<String, Tensor> headContext(TensorScope own, long[] rows, MicroBatch batch) {
    Map<String, Tensor> context = new LinkedHashMap<>();
    context.put("rows", own.own(runtime.longs(rows, rows.length)));
    context.put("targets", own.own(runtime.longs(batch.targets(), batch.targetCount())));
    context.put("chunk", chunkRows);
    return context;
  }

  private void resetLoss() {
    parts.tensorProgram().zero(lossSum);
  }

  /** Loss and right guesses of a micro-batch, nothing trained. */
  public TokenScore score(MicroBatch samples) {
    MicroBatch batch = withVirtualTokens(samples);
    if (batch.targetCount() == 0) {
      return new TokenScore(new LossSum(0, 0, samples.tokenCount()), 0);
    }
    return runtime.withoutGradients(
        () -> {
          try (BatchTensors tensors = evaluationTensors(batch);
              Tensor hidden = lastHidden(tensors);
              TensorScope own = new TensorScope();
              Tensor result =
                  parts
                      .program()
                      .call("head_score")
                      .tensor(hidden)
                      .dict(parts.head().tensors())
                      .dict(headContext(own, batch.targetRows(), batch))
                      .one()) {
            double[] sums = result.toDoubles();
            LossSum loss = new LossSum(sums[0], batch.targetCount(), samples.tokenCount());
            return new TokenScore(loss, (long) sums[1]);
          }
        });
  }

  /** Logits [rows, vocabulary] at the given positions; the caller owns them. For small batches. */
  public Tensor logits(MicroBatch batch, long[] positions) {
    long[] rowsOf = rowsOf(batch);
    long[] wanted = LongStream.of(positions).map(position -> rowsOf[(int) position]).toArray();
    return runtime.withoutGradients(
        () -> {
          try (BatchTensors tensors = evaluationTensors(withVirtualTokens(batch));
              Tensor hidden = lastHidden(tensors);
              Tensor rows = runtime.longs(wanted, wanted.length)) {
            return parts.logits(hidden, rows);
          }
        });
  }

  /** The last hidden states after the final norm, [tokens, hidden] row by row. */
  public float[] hiddenStates(MicroBatch batch) {
    return runtime.withoutGradients(
        () -> {
          try (BatchTensors tensors = evaluationTensors(withVirtualTokens(batch));
              Tensor hidden = lastHidden(tensors);
              Tensor rows = runtime.longs(rowsOf(batch), batch.tokenCount());
              Tensor normed =
                  parts
                      .program()
                      .call("final_hidden")
                      .tensor(hidden)
                      .dict(parts.head().tensors())
                      .tensor(rows)
                      .one()) {
            return normed.toFloats();
          }
        });
  }

  private Tensor lastHidden(BatchTensors tensors) {
    return hidden(parts.layers().size(), tensors);
  }

  /** After the embedding and the first layers; the caller owns it. */
  private Tensor hidden(int layers, BatchTensors tensors) {
    Tensor embedded = parts.embedded(tensors.tokenIds());
    tensors.addNoiseTo(parts.program(), embedded);
    tensors.virtual().ifPresent(tokens -> tokens.putInto(embedded));
    return forward.output(layers, embedded, tensors::context);
  }

  private BatchTensors tensors(MicroBatch batch, InputNoise noise) {
    BatchTensors tensors = evaluationTensors(batch);
    if (parts.random() || noise.present()) {
      tensors.withRandomKeys(runtime, batch);
    }
    if (noise.present()) {
      tensors.withNoise(runtime, noise.scales(batch, parts.hiddenSize(), virtualRows()));
    }
    return tensors.withTargetRows(runtime, batch);
  }

  private int virtualRows() {
    return parts.virtualTokens().map(virtual -> virtual.tokens().rows()).orElse(0);
  }

  private BatchTensors evaluationTensors(MicroBatch batch) {
    return new BatchTensors(runtime, parts, batch);
  }

  private MicroBatch withVirtualTokens(MicroBatch rows) {
    return parts.virtualTokens().map(virtual -> virtual.tokens().before(rows)).orElse(rows);
  }

  /** Where the micro-batch's tokens lie among the rows that layers see. */
  private long[] rowsOf(MicroBatch batch) {
    return parts
        .virtualTokens()
        .map(virtual -> virtual.tokens().rowsOf(batch))
        .orElseGet(() -> LongStream.range(0, batch.tokenCount()).toArray());
  }

  /** Rows of the embedding in fp32, [tokens, hidden]; the caller owns them. */
  public Tensor embeddings(List<Integer> ids) {
    try (Tensor rows = runtime.longs(ids.stream().mapToLong(id -> id).toArray(), ids.size())) {
      return parts.embedded(rows);
    }
  }

  /** How many positions before a sample's own a method takes. */
  public int virtualTokenCount() {
    return parts.virtualTokens().map(virtual -> virtual.tokens().count()).orElse(0);
  }

  /** A method's virtual tokens as they enter the model, [count, width]; the caller owns them. */
  public Optional<Tensor> virtualTokens() {
    return runtime.withoutGradients(() -> parts.virtualTokens().map(VirtualTokenProgram::vectors));
  }

  /** Memory of what generation keeps of the weights beside the model's own. */
  public long decodeCopyBytes() {
    return decodeWeights.map(DecodeWeights::copiedBytes).orElse(0L);
  }

  /** Opens a generation session; the caller closes it before this model. */
  public DecodeSession decode(int batchSize, int maxTokens) {
    return decode(batchSize, maxTokens, batchSize);
  }

  /**
   * As {@link #decode(int, int)}. The weights are laid out at the first call, for all that follow.
   *
   * @param usualBatch sequences of most sessions
   */
  public DecodeSession decode(int batchSize, int maxTokens, int usualBatch) {
    return new DecodeSession(runtime, parts, decodeWeights(usualBatch), batchSize, maxTokens);
  }

  private DecodeWeights decodeWeights(int usualBatch) {
    if (decodeWeights.isEmpty()) {
      Optional<DecodeWeights> shared =
          base.filter(model -> DecodeWeights.shareable(parts, model.parts))
              .map(model -> model.decodeWeights(usualBatch))
              .filter(weights -> weights.serves(usualBatch));
      decodeWeights = Optional.of(scope.own(DecodeWeights.of(runtime, parts, usualBatch, shared)));
    }
    return decodeWeights.get();
  }

  /** The frozen weights for another model over this base, which must not outlive this one. */
  public WeightSource sharedWeights(TensorProgram program, WeightSource rest, boolean halves) {
    return parts.sharedOver(program, rest, halves);
  }

  @Override
  public void close() {
    scope.close();
    parts.close();
  }
}
