package dev.anneal.core.train;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.model.FlatParameters;
import dev.anneal.core.model.InputNoise;
import dev.anneal.core.model.LossSum;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.MicroBatchSplit;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.LayerMemory;
import dev.anneal.core.model.gradients.GradientPass;
import dev.anneal.core.model.gradients.GradientSink;
import dev.anneal.core.model.gradients.GradientWalk;
import dev.anneal.core.tensor.FreeMemoryBound;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;

/**
 * A rank's model on all threads of the rank. Where it pays, a micro-batch is cut between samples
 * and each thread computes its part alone: threads that share every small operation spend a good
 * part of a step waiting for each other. Their gradients are summed in a fixed order, so a run
 * repeats bit for bit with the same number of threads. Used by the rank's thread; owns its replicas
 * and borrows the model.
 */
public final class ReplicatedModel implements AutoCloseable {
  /** A replica has gradients of its own: cheap for adapters, a second model for full tuning. */
  private static final int LARGEST_SHARE = 8;

  private final TensorRuntime runtime;
  private final TrainedModel model;
  private final int threads;
  private final int mostParts;
  private final InputNoise noise;
  private final GradientWalk walk;
  private final FreeMemoryBound freeMemory = new FreeMemoryBound();
  private final List<Replica> replicas = new ArrayList<>();
  private double gradientFactor = 1;

  ReplicatedModel(TensorRuntime runtime, TrainedModel model, int threads, int mostParts) {
    this(runtime, model, threads, mostParts, InputNoise.NONE);
  }

  ReplicatedModel(
      TensorRuntime runtime, TrainedModel model, int threads, int mostParts, InputNoise noise) {
    this.noise = noise;
    this.runtime = runtime;
    this.model = model;
    this.walk = model.model().gradientWalk();
    this.threads = threads;
    this.mostParts = mostParts;
  }

  /** Without noise on what the layers read; threads as below. */
  public static ReplicatedModel of(TensorRuntime runtime, TrainedModel model, int threads) {
    return of(runtime, model, threads, InputNoise.NONE);
  }

  /**
   * @param threads of the rank, as {@link TensorRuntime#prepareThread} was told
   * @param noise on what the layers read
   */
  public static ReplicatedModel of(
      TensorRuntime runtime, TrainedModel model, int threads, InputNoise noise) {
    long trained = model.parameters().values().elementCount();
    return new ReplicatedModel(
        runtime, model, threads, mostParts(trained, model.config(), threads), noise);
  }

  /** Into how many parts a micro-batch may be cut where that many values are trained. */
  static int mostParts(long trained, DecoderConfig config, int threads) {
    return trained <= config.parameterCount() / LARGEST_SHARE ? threads : 1;
  }

  /** Borrowed. */
  public TrainedModel model() {
    return model;
  }

  /** Of the model; borrowed. */
  public FlatParameters parameters() {
    return model.parameters();
  }

  /** Which trained parameters a backward adds to, and in what order. */
  GradientWalk gradientWalk() {
    return walk;
  }

  /** Tensors that the replicas hold open. */
  long liveTensors() {
    return replicas.stream().mapToLong(Replica::liveTensors).sum();
  }

  /** What the gradients of all micro-batches from now on are multiplied by. */
  void scaleGradients(double factor) {
    gradientFactor = factor;
  }

  /**
   * Adds the gradient of the micro-batch's summed loss, times that factor, to the model's flat
   * gradients.
   */
  public LossSum forwardBackward(MicroBatch batch) {
    return forwardBackward(batch, GradientSink.NONE);
  }

  /**
   * The same.
   *
   * @param sink hears of gradients as they are computed; not where threads share the micro-batch:
   *     then they are final when all have been added up
   */
  public LossSum forwardBackward(MicroBatch batch, GradientSink sink) {
    freeMemory.allow(LayerMemory.freeBlocks(model.config(), batch.tokenCount()));
    GradientPass pass = new GradientPass(gradientFactor, freeMemory, sink);
    List<MicroBatch> parts = MicroBatchSplit.of(batch, mostParts);
    if (parts.size() == 1) {
      return model.model().forwardBackward(batch, noise, pass);
    }
    model.parameters().gradientBuffers().openAll();
    while (replicas.size() < parts.size() - 1) {
      replicas.add(
          Replica.open(runtime.device(), model.model(), model.parameters(), replicas.size() + 1));
    }
    return together(parts, pass.unheard());
  }

  private LossSum together(List<MicroBatch> parts, GradientPass pass) {
    int threadsOfPart = threads / parts.size();
    List<Future<LossSum>> others = new ArrayList<>();
    for (int i = 1; i < parts.size(); i++) {
      others.add(replicas.get(i - 1).begin(parts.get(i), noise, pass, threadsOfPart));
    }
    LossSum sum;
    runtime.prepareThread(threadsOfPart);
    try {
      sum = model.model().forwardBackward(parts.get(0), noise, pass);
    } finally {
      runtime.prepareThread(threads);
      others.forEach(Replica::await);
    }
    for (int i = 0; i < others.size(); i++) {
      sum = sum.plus(Replica.result(others.get(i)));
      replicas.get(i).addGradientsTo(model.parameters());
    }
    return sum;
  }

  @Override
  public void close() {
    try (TensorScope all = new TensorScope()) {
      replicas.forEach(all::own);
    }
  }
}
