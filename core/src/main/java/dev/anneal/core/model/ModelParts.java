package dev.anneal.core.model;

import dev.anneal.core.model.config.AttentionKernel;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.gradients.GradientWalk;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.FrozenWeights;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.model.weights.WeightSource;
import dev.anneal.core.script.Program;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A decoder's tensors in their places: which are frozen, which are trained, and the programs that
 * compute with them. Owns the frozen weights, the constants and the programs; borrows the flat
 * parameters. One thread.
 */
public final class ModelParts implements AutoCloseable {
  private final TensorScope scope = new TensorScope();
  private final DecoderConfig config;
  private final Computation computation;
  private final LinearHook hook;
  private final FlatParameters trained;
  private final Program program;
  private final TensorProgram tensorProgram;
  private final RotaryTensors rotary;
  private final FrozenWeights frozen;
  private final List<LayerWeights> layers = new ArrayList<>();
  private final int lowestTrainedLayer;
  private final LayerProgram layerProgram;
  private final OutputHead head;
  private final LayerWeights embeddingEnd;
  private final LayerWeights headEnd;
  private final Optional<VirtualTokenProgram> virtualTokens;

  /**
   * @param weights gives the base weights that are not among the trained ones
   * @param computation what the model computes, and how
   */
  public ModelParts(
      TensorRuntime runtime,
      Computation computation,
      WeightSource weights,
      FlatParameters trained) {
    this(runtime, computation, weights, trained, Optional.empty());
  }

  /**
   * @param sharedHead of the parts that this one is a replica of
   */
  ModelParts(
      TensorRuntime runtime,
      Computation computation,
      WeightSource weights,
      FlatParameters trained,
      Optional<OutputHead> sharedHead) {
    this.computation = computation;
    this.config = computation.config();
    this.hook = computation.hook();
    this.trained = trained;
    this.program = computation.compile(runtime);
    this.tensorProgram = TensorProgram.open(runtime);
    this.rotary = new RotaryTensors(runtime, config.inverseFrequencies());
    DecoderLayout layout = new DecoderLayout(config);
    this.frozen =
        scope.own(
            new FrozenWeights(
                layout,
                weights,
                trained::contains,
                buffers(layout),
                WeightNames.head(config),
                computation.precision().product()));
    if (frozen.anyWidened() && !hook.written()) {
      throw new IllegalArgumentException(
          "Cannot widen frozen weights at their use: autograd would keep each of them");
    }
    for (int i = 0; i < config.layers(); i++) {
      layers.add(layer(runtime, layout, i));
    }
    shareScratch(runtime, layout);
    this.embeddingEnd = embeddingEnd(runtime, layout);
    this.virtualTokens =
        hook.virtualTokens(config)
            .map(
                tokens ->
                    new VirtualTokenProgram(runtime, program, tokens, trained, prefix(tokens)));
    this.lowestTrainedLayer = lowest();
    this.head =
        scope.own(
            sharedHead
                .map(shared -> shared.replica(tensorProgram, weight(WeightNames.head(config))))
                .orElseGet(
                    () ->
                        OutputHead.of(
                            tensorProgram,
                            weight(WeightNames.head(config)),
                            trainsOverFrozenHead()
                                ? Optional.of(computation.products())
                                : Optional.empty())));
    this.headEnd = headEnd(runtime, layout);
    this.layerProgram =
        hook.written() ? new WrittenLayers(program, runtime) : new AutogradLayers(program);
  }

  /**
   * The same weights for another thread, with programs and scratch of its own; these parts must
   * outlive it.
   *
   * @param program of that thread
   * @param replica the trained parameters as that thread sees them
   */
  ModelParts replica(TensorRuntime runtime, TensorProgram program, FlatParameters replica) {
    return new ModelParts(runtime, computation, frozen.shared(program), replica, Optional.of(head));
  }

  /** The frozen weights for another model over this base, as {@link FrozenWeights#sharedOver}. */
  WeightSource sharedOver(TensorProgram program, WeightSource rest, boolean halves) {
    return frozen.sharedOver(program, rest, halves);
  }

  private long[] prefix(VirtualTokens tokens) {
    return new long[] {config.keyValueHeads(), config.headDim(), tokens.count()};
  }

  private void shareScratch(TensorRuntime runtime, DecoderLayout layout) {
    boolean folds = hook.written() && !computation.precision().half();
    long adapted = folds ? layout.largestSite(site -> !hook.parameters(site).isEmpty()) : 0;
    long largest = Math.max(adapted, frozen.largestWidened());
    SharedScratch scratch = scope.own(new SharedScratch(runtime, largest, frozen.largestCodes()));
    layers.forEach(layer -> layer.tensors().putAll(scratch.tensors()));
  }

  private List<ParameterSpec> buffers(DecoderLayout layout) {
    return Stream.concat(
            hook.sharedBuffers(layout).stream(),
            Stream.concat(layout.sites().stream(), hook.ends(layout).stream())
                .flatMap(site -> hook.buffers(site).stream()))
        .toList();
  }

  private boolean trainsOverFrozenHead() {
    return lowestTrainedLayer < layers.size() && headSum().isEmpty();
  }

  private LayerWeights layer(TensorRuntime runtime, DecoderLayout layout, int index) {
    String prefix = WeightNames.layer(index, "");
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    List<String> trainedNames = new ArrayList<>();
    layout.weights().keySet().stream()
        .filter(name -> name.startsWith(prefix))
        .forEach(
            name -> {
              if (trained.contains(name)) {
                trainedNames.add(name);
              } else {
                frozen
                    .tensors(name)
                    .forEach(
                        (part, tensor) -> tensors.put(part.substring(prefix.length()), tensor));
              }
            });
    hook.sharedBuffers(layout)
        .forEach(buffer -> tensors.put(buffer.name(), frozen.tensor(buffer.name())));
    for (LinearSite site : layout.sites(index)) {
      hook.parameters(site).forEach(spec -> trainedNames.add(spec.name()));
      putFrozen(runtime, site, tensors);
    }
    hook.blockParameters(layout, index).forEach(spec -> trainedNames.add(spec.name()));
    LinkedHashMap<String, Tensor> gradients = new LinkedHashMap<>();
    for (String name : trainedNames) {
      String inLayer = name.substring(prefix.length());
      tensors.put(inLayer, trained.leaf(name));
      gradients.put(inLayer, trained.gradient(name));
    }
    return new LayerWeights(tensors, gradients);
  }

  /** A site's buffers and constants. */
  private void putFrozen(TensorRuntime runtime, LinearSite site, Map<String, Tensor> tensors) {
    int prefix = site.module().length() - site.nameInLayer().length();
    for (ParameterSpec buffer : hook.buffers(site)) {
      tensors.put(buffer.name().substring(prefix), frozen.tensor(buffer.name()));
    }
    hook.constants(site)
        .forEach((name, value) -> tensors.put(name, scope.own(runtime.hostDoubles(value))));
  }

  /**
   * Embedding or head as its program sees it: the weight by the site's name, and what a method has
   * there. Where the two are tied, the head sees what stands at the embedding.
   */
  private LayerWeights end(
      TensorRuntime runtime, DecoderLayout layout, String name, Optional<Tensor> sum) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    LinkedHashMap<String, Tensor> gradients = new LinkedHashMap<>();
    sum.ifPresent(whole -> gradients.put(name + ".weight", whole));
    for (LinearSite site : hook.ends(layout)) {
      if (site.nameInLayer().equals(name) || config.tieWordEmbeddings()) {
        int prefix = site.module().length() - site.nameInLayer().length();
        putFrozen(runtime, site, tensors);
        hook.indices(site)
            .forEach(
                (key, values) -> tensors.put(key, scope.own(runtime.longs(values, values.length))));
        for (ParameterSpec spec : hook.parameters(site)) {
          String inEnd = spec.name().substring(prefix);
          tensors.put(inEnd, trained.leaf(spec.name()));
          gradients.put(inEnd, trained.gradient(spec.name()));
        }
      }
    }
    return new LayerWeights(tensors, gradients);
  }

  private LayerWeights embeddingEnd(TensorRuntime runtime, DecoderLayout layout) {
    LayerWeights end = end(runtime, layout, "embed_tokens", sum(WeightNames.EMBED_TOKENS));
    end.tensors().put("embed_tokens.weight", weight(WeightNames.EMBED_TOKENS));
    return end;
  }

  private LayerWeights headEnd(TensorRuntime runtime, DecoderLayout layout) {
    LayerWeights end = end(runtime, layout, "lm_head", headSum());
    end.tensors().put("lm_head.weight", head.matrix());
    head.columns().ifPresent(columns -> end.tensors().put("lm_head.columns", columns));
    end.tensors().put("norm.weight", weight(WeightNames.FINAL_NORM));
    sum(WeightNames.FINAL_NORM).ifPresent(sum -> end.gradients().put("norm.weight", sum));
    return end;
  }

  private int lowest() {
    if (inputGradientNeeded()) {
      return 0;
    }
    for (int i = 0; i < layers.size(); i++) {
      if (layers.get(i).trained()) {
        return i;
      }
    }
    return layers.size();
  }

  Program program() {
    return program;
  }

  /** The hand-written backward where the method allows it, else autograd. */
  LayerProgram layerProgram() {
    return layerProgram;
  }

  TensorProgram tensorProgram() {
    return tensorProgram;
  }

  RotaryTensors rotary() {
    return rotary;
  }

  List<LayerWeights> layers() {
    return layers;
  }

  /** Layers below this one need no gradient. */
  int lowestTrainedLayer() {
    return lowestTrainedLayer;
  }

  /** What a method puts before each sample. */
  Optional<VirtualTokenProgram> virtualTokens() {
    return virtualTokens;
  }

  /** Which trained parameters a backward adds to, and in what order. */
  GradientWalk gradientWalk() {
    List<List<String>> walk = new ArrayList<>();
    walk.add(trained.namesOf(headEnd.gradients().values()));
    for (int i = layers.size() - 1; i >= 0; i--) {
      walk.add(trained.namesOf(layers.get(i).gradients().values()));
    }
    List<Tensor> bottom = new ArrayList<>(embeddingEnd.gradients().values());
    virtualTokens.ifPresent(tokens -> bottom.addAll(tokens.gradients()));
    walk.add(trained.namesOf(bottom));
    return new GradientWalk(walk);
  }

  /** Whether what stands below the first layer, or beside all layers, is trained. */
  boolean inputGradientNeeded() {
    return embeddingEnd.trained() || virtualTokens.isPresent();
  }

  MatrixProducts products() {
    return computation.products();
  }

  AttentionKernel attention() {
    return computation.attention();
  }

  /** Whether weights of the base itself change. */
  boolean baseTrained() {
    return new DecoderLayout(config).weights().keySet().stream().anyMatch(trained::contains);
  }

  /** What attaches to the linear modules. */
  LinearHook hook() {
    return hook;
  }

  /** The modules of a layer that the method attaches to, by their names in it. */
  List<String> adaptedSites(int layer) {
    return new DecoderLayout(config)
        .sites(layer).stream()
            .filter(site -> !hook.parameters(site).isEmpty())
            .map(LinearSite::nameInLayer)
            .toList();
  }

  /** Whether modules that read the same input get different ones of the method. */
  boolean adaptsInputs() {
    return hook.adaptsInputs();
  }

  boolean random() {
    return hook.random();
  }

  long vocabularySize() {
    return config.vocabSize();
  }

  long hiddenSize() {
    return config.hiddenSize();
  }

  long keyValueHeads() {
    return config.keyValueHeads();
  }

  long headDim() {
    return config.headDim();
  }

  /**
   * The embedding, perhaps in 16 bits, with what a method has beside it, and where the gradients of
   * what is trained of it are summed.
   */
  LayerWeights embedding() {
    return embeddingEnd;
  }

  /** The same of final norm and output matrix. */
  LayerWeights head() {
    return headEnd;
  }

  /** Embedded tokens [N, hidden] with what a method adds to them; the caller owns them. */
  Tensor embedded(Tensor tokenIds) {
    return program.call("embed").tensor(tokenIds).dict(embeddingEnd.tensors()).one();
  }

  /** Logits [rows, vocabulary] of chosen rows of the last hidden states; the caller owns them. */
  Tensor logits(Tensor hidden, Tensor rows) {
    return program.call("logits").tensor(hidden).dict(headEnd.tensors()).tensor(rows).one();
  }

  private Optional<Tensor> headSum() {
    return sum(WeightNames.head(config));
  }

  private Optional<Tensor> sum(String name) {
    return trained.contains(name) ? Optional.of(trained.gradient(name)) : Optional.empty();
  }

  private Tensor weight(String name) {
    return trained.contains(name) ? trained.leaf(name) : frozen.tensor(name);
  }

  @Override
  public void close() {
    rotary.close();
    program.close();
    tensorProgram.close();
    scope.close();
  }
}
