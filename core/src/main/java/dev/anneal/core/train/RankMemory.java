package dev.anneal.core.train;

import dev.anneal.core.assembly.MethodMemory;
import dev.anneal.core.assembly.TrainedParameters;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.model.AutogradHook;
import dev.anneal.core.model.HeadMemory;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.LayerMemory;
import dev.anneal.core.model.config.Precision;
import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.fourbit.FourBitFormat;
import dev.anneal.core.model.gradients.GradientWalk;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.optim.OptimizerRegistry;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.zero.LiveGradients;
import dev.anneal.core.zero.PartitionPlan;
import dev.anneal.core.zero.ShardedOptimizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The arithmetic behind {@link MemoryEstimate}: the sizes of one model under one setup. */
final class RankMemory {
  /** libtorch's and the Java machine's pages without the heap, measured with a tiny model. */
  private static final long RUNTIME = 240L << 20;

  private static final long FLOAT = Float.BYTES;

  private final DecoderConfig config;
  private final DecoderLayout layout;
  private final Set<String> trained = new HashSet<>();
  private final Map<String, Long> fourBits = new HashMap<>();
  private final LayerMemory layer;
  private final long frozenBytes;
  private final long scratchBytes;
  private final long bufferBytes;
  private final long flatLength;
  private final long stateLength;
  private final long statesAnElement;
  private final long matricesAtWork;
  private final int lowestLayer;
  private final boolean adaptsHead;
  private final boolean half;
  private final int parts;
  private final Optional<LiveGradients> live;

  RankMemory(
      TrainingSetup setup, ModelFolder stored, Optional<AdapterMethod> method, int worldSize) {
    ModelFolder folder = AdapterMethod.folder(stored, method);
    this.config = folder.config();
    this.layout = new DecoderLayout(config);
    List<ParameterSpec> specs = TrainedParameters.of(config, method);
    specs.forEach(spec -> trained.add(spec.name()));
    Precision precision = setup.precision();
    boolean written = AutogradHook.over(method, setup.model().layerBackward(), precision).written();
    boolean random = method.isPresent() && method.get().random();
    LayerMemory plain =
        written ? LayerMemory.written(config, random) : LayerMemory.autograd(config, random);
    int blockOutputs = method.map(AdapterMethod::blockOutputsKept).orElse(0);
    layer = plain.withBlockOutputs(blockOutputs, config).in(precision, config);
    half = precision.half();
    Set<String> halves = half ? matrices() : halves(setup.model(), folder, written);
    FourBitFormat.of(setup.model().frozenStorage(), setup.model().doubleQuantisation())
        .ifPresent(format -> quantise(format, halves));
    boolean copied = !half && !trained.contains(WeightNames.head(config));
    long headCopy = copied ? HeadMemory.frozenCopy(config) : 0;
    frozenBytes = frozenBytes(halves) + FLOAT * headCopy;
    long largestCodes = largest(fourBits.keySet(), name -> FourBitFormat.padded(matrix(name)) / 2);
    long largest =
        Math.max(
            written && !half ? layout.largestSite(site -> adapted(method, site)) : 0,
            Math.max(half ? 0 : largest(halves, this::matrix), 2 * largestCodes));
    // codes are looked up as int32
    scratchBytes = FLOAT * largest + Integer.BYTES * largestCodes;
    PartitionPlan plan = new PartitionPlan(specs, worldSize, setup.distributed().bucketElements());
    flatLength = plan.length();
    stateLength = ShardedOptimizer.stateLength(plan, setup.zeroStage());
    statesAnElement =
        OptimizerRegistry.named(setup.optimizer().name()).states().size()
            + method.map(AdapterMethod::ruleStates).orElse(List.of()).size();
    long adaptedSite = layout.largestSite(site -> adapted(method, site));
    matricesAtWork =
        Math.max(
            largestTrainedMatrix(),
            method.map(AdapterMethod::matricesAtWork).orElse(0) * adaptedSite);
    lowestLayer = lowest(method);
    adaptsHead = method.map(own -> atEnd(own, false)).orElse(false);
    // as if all ranks were on this host
    int threads = setup.distributed().threads(worldSize);
    parts = ReplicatedModel.mostParts(flatLength, config, threads);
    // threads that share a micro-batch, and later micro-batches, need all gradients at once
    boolean freed =
        setup.zeroStage().freesGradients(worldSize)
            && setup.train().gradientAccumulationSteps() == 1
            && parts == 1;
    live =
        freed
            ? Optional.of(new LiveGradients(plan, TrainedParameters.walk(config, specs)))
            : Optional.empty();
    bufferBytes =
        method
            .map(
                own ->
                    MethodMemory.buffers(own, layout) + parts * MethodMemory.vectors(own, config))
            .orElse(0L);
  }

  /** The lowest layer with gradients. */
  int lowestLayer() {
    return lowestLayer;
  }

  /** Layers that a backward walks. */
  int walkedLayers() {
    return config.layers() - lowestLayer;
  }

  MemoryEstimate estimate(long tokens, int recomputed) {
    if (live.isPresent()) {
      return IntStream.rangeClosed(GradientWalk.HEAD, walkedLayers() + 1)
          .mapToObj(part -> during(part, live.get(), tokens, recomputed))
          .max(Comparator.comparingLong(MemoryEstimate::total))
          .orElseThrow();
    }
    // before the first backward everything is kept; when the recomputed come, only their inputs
    long atHead = kept(tokens, recomputed, walkedLayers());
    long atRecomputed = recomputed == 0 ? 0 : kept(tokens, recomputed, recomputed + 1);
    long backward = backward(tokens);
    long widestAtHead = atHead + Math.max(head(tokens), backward);
    long activations = Math.max(atHead, atRecomputed);
    long widest = Math.max(widestAtHead, atRecomputed + backward);
    return estimate(tokens, FLOAT * flatLength * parts, activations, widest - activations);
  }

  /** While the backward is in a part of its walk. */
  private MemoryEstimate during(int part, LiveGradients gradients, long tokens, int recomputed) {
    int left = Math.min(walkedLayers(), walkedLayers() - part + 1);
    // a layer that is computed twice has all it keeps for its backward
    int keeping = left > recomputed ? left : recomputed + Math.min(1, left);
    long working = part == GradientWalk.HEAD ? head(tokens) : backward(tokens);
    return estimate(
        tokens, FLOAT * gradients.during(part), kept(tokens, recomputed, keeping), working);
  }

  /** What layers keep while this many of the walked ones still wait for their backward. */
  private long kept(long tokens, int recomputed, int layers) {
    // what the lowest trained layer reads
    long below = FLOAT * tokens * layer.output();
    long inputs = FLOAT * tokens * layer.output() * recomputed;
    return below + inputs + FLOAT * tokens * layer.kept() * (layers - recomputed);
  }

  private long backward(long tokens) {
    return FLOAT * tokens * layer.working() + FLOAT * matricesAtWork;
  }

  private MemoryEstimate estimate(long tokens, long gradients, long activations, long working) {
    return new MemoryEstimate(
        frozenBytes,
        FLOAT * flatLength,
        bufferBytes,
        gradients,
        FLOAT * stateLength * statesAnElement,
        scratchBytes * parts,
        activations,
        working,
        LayerMemory.freeBlocks(config, tokens),
        RUNTIME);
  }

  /**
   * A chunk of logits a thread, and what a method adds to it; six copies of the hidden states, and
   * some rows of a trained head's gradient. In 16 bits the logits as products give and read them,
   * and a trained head as they read it.
   */
  private long head(long tokens) {
    long rows = Math.min(tokens, parts * HeadMemory.chunkRows(config.vocabSize()));
    long gradient =
        trained.contains(WeightNames.head(config)) ? HeadMemory.gradientAtOnce(config) : 0;
    return FLOAT
        * (rows * config.vocabSize() * ((adaptsHead ? 2 : 1) + (half ? 1 : 0))
            + 6 * tokens * config.hiddenSize()
            + gradient
            + (half && gradient > 0 ? matrix(WeightNames.head(config)) / 2 : 0));
  }

  private long largestTrainedMatrix() {
    return layout.weights().keySet().stream()
        .filter(name -> trained.contains(name) && name.startsWith("model.layers."))
        .mapToLong(this::matrix)
        .max()
        .orElse(0);
  }

  private long matrix(String name) {
    return layout.weights().get(name).elements();
  }

  /** All frozen matrices. */
  private Set<String> matrices() {
    return layout.weights().entrySet().stream()
        .filter(weight -> weight.getValue().dimensions().size() == 2)
        .map(Map.Entry::getKey)
        .filter(name -> !trained.contains(name))
        .collect(Collectors.toCollection(HashSet::new));
  }

  /** Frozen matrices that stay in 16 bits: those with other rows than the file's are in fp32. */
  private Set<String> halves(ModelConfig settings, ModelFolder folder, boolean written) {
    Set<String> halves = new HashSet<>();
    boolean resized = config.vocabSize() != folder.storedVocabSize();
    if (settings.fromScratch() || !settings.frozenStorage().keepsFileTypes(written)) {
      return halves;
    }
    try (SafetensorsReader reader = folder.openWeights()) {
      Map<String, TensorInfo> tensors = reader.tensors();
      layout
          .weights()
          .forEach(
              (name, shape) -> {
                boolean half = tensors.get(name).dtype().bytes() == Short.BYTES;
                if (half
                    && shape.dimensions().size() == 2
                    && !trained.contains(name)
                    && !(resized && WeightNames.EMBEDDINGS.contains(name))
                    && !name.equals(WeightNames.head(config))) {
                  halves.add(name);
                }
              });
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot close the weight files", e);
    }
    return halves;
  }

  private long frozenBytes(Set<String> halves) {
    return layout.weights().keySet().stream()
        .filter(name -> !trained.contains(name))
        .mapToLong(
            name ->
                fourBits.getOrDefault(
                    name, matrix(name) * (halves.contains(name) ? Short.BYTES : FLOAT)))
        .sum();
  }

  /** The frozen linear matrices leave the halves for 4 bits. */
  private void quantise(FourBitFormat format, Set<String> halves) {
    layout.sites().stream()
        .map(LinearSite::weightName)
        .filter(name -> !trained.contains(name))
        .forEach(
            name -> {
              halves.remove(name);
              fourBits.put(name, format.bytes(matrix(name)));
            });
  }

  private static long largest(Set<String> names, ToLongFunction<String> size) {
    return names.stream()
        .filter(name -> !name.equals(WeightNames.EMBED_TOKENS))
        .mapToLong(size)
        .max()
        .orElse(0);
  }

  private static boolean adapted(Optional<AdapterMethod> method, LinearSite site) {
    return method.isPresent() && !method.get().parameters(site).isEmpty();
  }

  private int lowest(Optional<AdapterMethod> method) {
    if (trained.contains(WeightNames.EMBED_TOKENS)
        || method.map(own -> atEnd(own, true)).orElse(false)
        || method.flatMap(own -> own.virtualTokens(config)).isPresent()) {
      return 0;
    }
    IntStream adapted =
        layout.sites().stream().filter(site -> adapted(method, site)).mapToInt(LinearSite::layer);
    IntStream whole = IntStream.range(0, config.layers()).filter(this::trainsWhole);
    return IntStream.concat(adapted, whole).min().orElse(config.layers());
  }

  private boolean atEnd(AdapterMethod method, boolean embedding) {
    return method.ends(layout).stream()
        .anyMatch(site -> site.isEmbedding() == embedding && !method.parameters(site).isEmpty());
  }

  private boolean trainsWhole(int index) {
    String prefix = WeightNames.layer(index, "");
    return trained.stream().anyMatch(name -> name.startsWith(prefix));
  }
}
