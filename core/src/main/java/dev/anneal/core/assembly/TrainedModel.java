package dev.anneal.core.assembly;

import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.format.Shape;
import dev.anneal.core.model.AutogradHook;
import dev.anneal.core.model.CausalLm;
import dev.anneal.core.model.Computation;
import dev.anneal.core.model.FlatParameters;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.LinearHook;
import dev.anneal.core.model.MatrixProducts;
import dev.anneal.core.model.ModelParts;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.Precision;
import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.gradients.GradientBuffers;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.model.weights.WeightSource;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import dev.anneal.core.zero.PartitionPlan;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * A model with its trained parameters in flat buffers, ready for training, scoring and generation.
 * Owns everything native it opened; one thread.
 */
public final class TrainedModel implements AutoCloseable {
  // Nothing is drawn and nothing travels: any value does.
  private static final long INFERENCE_SEED = 0;
  private static final long INFERENCE_BUCKET = 1 << 20;

  private final TensorScope scope;
  private final TensorRuntime runtime;
  private final TensorProgram tensors;
  private final DecoderConfig config;
  private final WeightSource weights;
  private final boolean resized;
  private final Optional<AdapterMethod> adapter;
  private final PartitionPlan plan;
  private final FlatParameters parameters;
  private final AdapterTensors adapterTensors;
  private final CausalLm model;
  private final Optional<StepNoise> noise;

  /**
   * What to assemble.
   *
   * @param folder the base model
   * @param weights where base weights come from
   * @param adapter the method, absent for full tuning
   * @param adapterFolder a PEFT adapter to start from
   * @param seed of initial values
   * @param trainBase whether full tuning trains the base; false makes a model for inference
   * @param backward how layers compute their gradients
   * @param frozen how weights that are not trained lie in memory
   * @param doubleQuantisation whether the scales of those in 4 bits are quantised too
   * @param precision the types to compute in
   */
  public record Assembly(
      ModelFolder folder,
      BaseWeights weights,
      Optional<AdapterMethod> adapter,
      Optional<AdapterFolder> adapterFolder,
      long seed,
      boolean trainBase,
      LayerStorage storage,
      ModelConfig.LayerBackward backward,
      ModelConfig.FrozenStorage frozen,
      boolean doubleQuantisation,
      Precision precision) {

    /** With double quantisation, where frozen weights lie in 4 bits. */
    public Assembly(
        ModelFolder folder,
        BaseWeights weights,
        Optional<AdapterMethod> adapter,
        Optional<AdapterFolder> adapterFolder,
        long seed,
        boolean trainBase,
        LayerStorage storage,
        ModelConfig.LayerBackward backward,
        ModelConfig.FrozenStorage frozen) {
      this(
          folder,
          weights,
          adapter,
          adapterFolder,
          seed,
          trainBase,
          storage,
          backward,
          frozen,
          true,
          Precision.FULL);
    }

    /** Whether frozen 16-bit weights stay as they are. */
    public boolean keepsFileTypes() {
      return precision.half()
          || frozen.keepsFileTypes(AutogradHook.over(adapter, backward, precision).written());
    }

    /** With the backward written out where the method allows it, and all weights in fp32. */
    public Assembly(
        ModelFolder folder,
        BaseWeights weights,
        Optional<AdapterMethod> adapter,
        Optional<AdapterFolder> adapterFolder,
        long seed,
        boolean trainBase,
        LayerStorage storage) {
      this(
          folder,
          weights,
          adapter,
          adapterFolder,
          seed,
          trainBase,
          storage,
          ModelConfig.LayerBackward.AUTO,
          ModelConfig.FrozenStorage.FLOAT32);
    }
  }

  /** Where base weights come from. */
  public enum BaseWeights {
    PRETRAINED,
    FROM_SCRATCH
  }

  /**
   * How trained parameters and their gradients lie in memory.
   *
   * @param worldSize ranks that share them; with the size of buckets it decides the flat layout
   * @param gradientsByBucket whether the memory of gradients comes and goes by bucket
   */
  public record Layout(int worldSize, long bucketElements, boolean gradientsByBucket) {}

  /** Opens a model for one rank, with all gradients in one buffer. */
  public static TrainedModel open(
      TensorRuntime runtime, Assembly assembly, int worldSize, long bucketElements) {
    return open(runtime, assembly, new Layout(worldSize, bucketElements, false));
  }

  /** Opens a model for one rank. */
  public static TrainedModel open(TensorRuntime runtime, Assembly assembly, Layout layout) {
    return open(runtime, assembly, layout, Optional.empty());
  }

  private static TrainedModel open(
      TensorRuntime runtime, Assembly assembly, Layout layout, Optional<TrainedModel> base) {
    TensorScope scope = new TensorScope();
    try {
      return new TrainedModel(runtime, assembly, layout, scope, base);
    } catch (RuntimeException | Error e) {
      scope.close();
      throw e;
    }
  }

  /** Opens a model, with the adapter if there is one, to score and to generate with. */
  public static TrainedModel forInference(
      TensorRuntime runtime, ModelFolder folder, Optional<AdapterFolder> adapter) {
    return forInference(runtime, folder, adapter, ModelConfig.FrozenStorage.FLOAT32);
  }

  /**
   * As {@link #forInference}, for generation above all: where that keeps a copy of the weights,
   * 16-bit weights stay as the files store them and only the copy is in fp32.
   */
  public static TrainedModel forGeneration(
      TensorRuntime runtime, ModelFolder folder, Optional<AdapterFolder> adapter) {
    return forInference(runtime, folder, adapter, storageForGeneration());
  }

  /** The storage of frozen weights of {@link #forGeneration}. */
  static ModelConfig.FrozenStorage storageForGeneration() {
    return MatrixProducts.ofThisHost().copiesForGeneration()
        ? ModelConfig.FrozenStorage.AUTO
        : ModelConfig.FrozenStorage.FLOAT32;
  }

  /** With the frozen weights of a bare model of the same folder, which must outlive this one. */
  static TrainedModel over(
      TrainedModel base,
      TensorRuntime runtime,
      ModelFolder folder,
      AdapterFolder adapter,
      ModelConfig.FrozenStorage frozen) {
    Assembly assembly = inference(folder, Optional.of(adapter), frozen);
    return open(runtime, assembly, new Layout(1, INFERENCE_BUCKET, false), Optional.of(base));
  }

  static TrainedModel forInference(
      TensorRuntime runtime,
      ModelFolder folder,
      Optional<AdapterFolder> adapter,
      ModelConfig.FrozenStorage frozen) {
    return open(runtime, inference(folder, adapter, frozen), 1, INFERENCE_BUCKET);
  }

  private static Assembly inference(
      ModelFolder base, Optional<AdapterFolder> adapter, ModelConfig.FrozenStorage frozen) {
    ModelFolder folder = adapter.map(own -> own.fitted(base)).orElse(base);
    Optional<AdapterMethod> method =
        adapter.map(existing -> AdapterRegistry.existing(existing, folder.config()));
    return new Assembly(
        folder,
        BaseWeights.PRETRAINED,
        method,
        adapter,
        INFERENCE_SEED,
        false,
        LayerStorage.KEEP,
        ModelConfig.LayerBackward.AUTO,
        frozen);
  }

  private TrainedModel(
      TensorRuntime runtime,
      Assembly assembly,
      Layout layout,
      TensorScope scope,
      Optional<TrainedModel> base) {
    this.scope = scope;
    this.runtime = runtime;
    this.config = AdapterMethod.config(assembly.folder().config(), assembly.adapter());
    this.adapter = assembly.adapter();
    this.tensors = scope.own(TensorProgram.open(runtime));
    BaseSource source = new BaseSource(runtime, tensors, assembly, scope);
    WeightSource own = source.open();
    WeightSource shared =
        base.map(open -> open.model.sharedWeights(tensors, own, assembly.keepsFileTypes()))
            .orElse(own);
    this.weights = source.withGiven(shared);
    this.resized = source.resized();
    boolean nothing = adapter.isEmpty() && !assembly.trainBase();
    List<ParameterSpec> specs = nothing ? List.of() : TrainedParameters.of(config, adapter);
    this.plan = new PartitionPlan(specs, layout.worldSize(), layout.bucketElements());
    this.parameters = scope.own(parameters(specs, layout.gradientsByBucket()));
    this.adapterTensors = begin(runtime, assembly);
    LinearHook hook = AutogradHook.over(adapter, assembly.backward(), assembly.precision());
    ModelParts parts =
        new ModelParts(
            runtime,
            Computation.onThisHost(config, assembly.precision(), hook),
            adapterTensors.withBuffers(),
            parameters);
    this.model =
        scope.own(
            new CausalLm(
                runtime,
                parts,
                assembly.storage(),
                base.filter(open -> !source.givesOwn()).map(TrainedModel::model)));
    List<ParameterSpec> noisy =
        adapter.map(method -> method.stepNoise(new DecoderLayout(config))).orElse(List.of());
    this.noise =
        noisy.isEmpty()
            ? Optional.empty()
            : Optional.of(
                scope.own(new StepNoise(runtime, noisy, adapterTensors::tensor, assembly.seed())));
    if (assembly.adapterFolder().isEmpty()) {
      adapter.ifPresent(method -> beginAsTokens(method.initialTokens(assembly.seed(), config)));
    }
  }

  private FlatParameters parameters(List<ParameterSpec> specs, boolean byBucket) {
    if (!byBucket) {
      return new FlatParameters(runtime, tensors, specs, plan::offset, plan.length());
    }
    List<GradientBuffers.Bucket> buckets =
        plan.buckets().stream()
            .map(bucket -> new GradientBuffers.Bucket(bucket.offset(), bucket.length()))
            .toList();
    return new FlatParameters(runtime, tensors, specs, plan::offset, buckets);
  }

  private AdapterTensors begin(TensorRuntime runtime, Assembly assembly) {
    DecoderLayout layout = new DecoderLayout(config);
    AdapterTensors begun =
        scope.own(new AdapterTensors(runtime, tensors, layout, weights, parameters));
    if (adapter.isEmpty()) {
      begun.beginWithWeights();
    } else if (assembly.adapterFolder().isPresent()) {
      begun.beginWith(assembly.adapterFolder().get(), adapter.get(), assembly.seed());
    } else {
      begun.beginFresh(adapter.get(), assembly.seed());
    }
    return begun;
  }

  /** A trained tensor, or one that the method keeps beside, by its name; borrowed. */
  public Tensor tensor(String name) {
    return adapterTensors.tensor(name);
  }

  /** Virtual tokens begin as the embeddings of these, where there are any. */
  private void beginAsTokens(List<Integer> ids) {
    if (!ids.isEmpty()) {
      String name =
          adapter.orElseThrow().virtualTokens(config).orElseThrow().parameters().get(0).name();
      try (Tensor rows = model.embeddings(ids)) {
        tensors.copy(parameters.value(name), rows);
      }
    }
  }

  /**
   * Before the gradients of a step: a method's noise is drawn.
   *
   * @param step completed ones before it
   */
  public void beginStep(long step) {
    noise.ifPresent(drawn -> drawn.begin(step));
  }

  /** After the step: the model is the one without noise again. */
  public void endStep() {
    noise.ifPresent(StepNoise::end);
  }

  /** Leaves out of the trained values what an export leaves out, so that both are one model. */
  public void settle() {
    Function<String, float[]> values = name -> parameters.value(name).toFloats();
    Optional<AdapterMethod> exporting =
        adapter.map(method -> method.exporting(new DecoderLayout(config), values));
    for (ParameterSpec spec : parameters.specs()) {
      Optional<float[]> left = exporting.flatMap(method -> method.settled(spec, values));
      if (left.isPresent()) {
        try (Tensor settled = runtime.floats(left.get(), spec.shape().toArray())) {
          tensors.copy(parameters.value(spec.name()), settled);
        }
      }
    }
  }

  public CausalLm model() {
    return model;
  }

  public FlatParameters parameters() {
    return parameters;
  }

  public PartitionPlan plan() {
    return plan;
  }

  /**
   * Embeddings and output matrix that an adapter must bring along although it does not train them,
   * since their rows are not those of the base.
   */
  public Map<String, Shape> changedEmbeddings() {
    Map<String, Shape> changed = new TreeMap<>(new DecoderLayout(config).weights());
    changed.keySet().retainAll(resized ? WeightNames.EMBEDDINGS : List.of());
    changed.keySet().removeIf(parameters::contains);
    return changed;
  }

  public DecoderConfig config() {
    return config;
  }

  public Optional<AdapterMethod> adapter() {
    return adapter;
  }

  /** Base weights as they were before training. */
  public WeightSource weights() {
    return weights;
  }

  /** Borrowed. */
  public TensorProgram tensors() {
    return tensors;
  }

  @Override
  public void close() {
    scope.close();
  }
}
