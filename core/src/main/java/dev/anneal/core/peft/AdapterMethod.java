package dev.anneal.core.peft;

import dev.anneal.core.format.SavedTensor;
import dev.anneal.core.model.LinearHook;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.optim.StepRule;
import dev.anneal.core.peft.modules.InitialInputs;
import dev.anneal.core.peft.modules.ModuleSelection;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * A way to adapt a frozen base model. One file a method; the permitted classes, those of {@link
 * ModuleMethod} and {@link VirtualTokenMethod} among them, are the one list of them; each carries a
 * {@link PeftMethod}, by which {@link AdapterRegistry} finds it. Immutable.
 */
public sealed interface AdapterMethod extends LinearHook
    permits ModuleMethod, VirtualTokenMethod, Bottleneck, BitFit, Freeze {
  /** What PEFT puts before the path of a module. */
  String PEFT_PREFIX = "base_model.model.";

  /** PEFT's {@code peft_type}. */
  default String peftType() {
    return AdapterRegistry.description(getClass()).type();
  }

  /** The record that made it: its {@link PeftMethod#settings}. */
  Record settings();

  /** The settings that a report shows. */
  String summary();

  /** What a run of the method leaves. */
  enum Product {
    /** A folder of PEFT's. */
    ADAPTER,
    /** A model folder, since base weights themselves were trained. */
    MODEL
  }

  /** What a run of the method leaves. */
  default Product product() {
    return Product.ADAPTER;
  }

  /**
   * Base weights that are trained as they are, by their names in the model: biases, modules that
   * are saved whole.
   */
  default List<String> trainedWeights(DecoderLayout layout) {
    return List.of();
  }

  /** A base weight among {@link #trainedWeights} as the optimizer is to see it. */
  default ParameterSpec trained(ParameterSpec weight) {
    return weight;
  }

  /** Whether the output matrix must be another than the embedding, although the model ties them. */
  default boolean untiesHead() {
    return false;
  }

  /** The model as a method needs it. */
  static DecoderConfig config(DecoderConfig model, Optional<AdapterMethod> method) {
    boolean untied = method.isPresent() && method.get().untiesHead() && model.tieWordEmbeddings();
    return untied ? model.withOwnHead() : model;
  }

  /** The model as a method needs it. */
  static ModelFolder folder(ModelFolder model, Optional<AdapterMethod> method) {
    return method.isPresent() && method.get().untiesHead() ? model.withOwnHead() : model;
  }

  /** What of the settings selects modules by name, so that entries without effect are found. */
  default List<ModuleSelection> selections() {
    return List.of();
  }

  /** The modules that it could attach to: the linear ones of the layers, and its {@link #ends}. */
  default List<LinearSite> sites(DecoderLayout layout) {
    List<LinearSite> sites = new ArrayList<>(layout.sites());
    sites.addAll(ends(layout));
    return sites;
  }

  /**
   * Refuses a fresh adapter for a model, where settings and model do not go together.
   *
   * @throws dev.anneal.core.config.ConfigException that names the key
   */
  default void requireFresh(DecoderLayout layout) {}

  /**
   * Refuses what an adapter_config.json may say and only its writer can do.
   *
   * @throws dev.anneal.core.config.ConfigException that names the field
   */
  default void requireReadable() {}

  /**
   * TorchScript method {@code initial(self, weight, w)} of a method whose initial values depend on
   * the base weight: fills tensors of a site, trained ones and {@link #buffers}, in place. {@code
   * w} has them, which hold their {@link #initialValue}, the constants and the {@link
   * #initialInputs}, by their last name. Calls what {@link #mergeSource} has.
   */
  default Optional<String> initialSource() {
    return Optional.empty();
  }

  /** What {@link #initialSource} reads besides. */
  default InitialInputs initialInputs(LinearSite site, long seed) {
    return InitialInputs.NONE;
  }

  /**
   * A trained tensor as it is saved, where that is not as it is.
   *
   * @param values of a trained tensor or a buffer, by its name
   */
  default Optional<SavedTensor> saved(ParameterSpec parameter, Function<String, float[]> values) {
    return Optional.empty();
  }

  /** The initial value of an element of a site's parameter, as a function of its index alone. */
  default InitialValue initialValue(ParameterSpec parameter, long seed) {
    throw new IllegalArgumentException(peftType() + " has no parameter " + parameter.name());
  }

  /** As {@link #initialValue(ParameterSpec, long)}, where the model's sizes decide. */
  default InitialValue initialValue(ParameterSpec parameter, long seed, DecoderConfig model) {
    return initialValue(parameter, seed);
  }

  /** Trained tensors of a site that begin as rows of its weight: which, by the tensor's name. */
  default Map<String, List<Integer>> initialRows(LinearSite site) {
    return Map.of();
  }

  /** A text whose tokens the method begins with: to be given to {@link #beginningWith}. */
  default Optional<String> initialText() {
    return Optional.empty();
  }

  /** The same method, beginning with these tokens of {@link #initialText}. */
  default AdapterMethod beginningWith(List<Integer> tokens) {
    return this;
  }

  /** The same method in a run whose learning rate has this peak. */
  default AdapterMethod trainedAt(double learningRate) {
    return this;
  }

  /** Tokens whose embeddings its virtual tokens begin as, one each; empty where none do. */
  default List<Integer> initialTokens(long seed, DecoderConfig model) {
    return List.of();
  }

  /** The method over what its export holds, where that is not what it trains. */
  default AdapterMethod asExported() {
    return this;
  }

  /**
   * TorchScript method {@code merge(self, weight, w) -> Tensor}: the base weight with the adapter
   * folded in; {@code w} holds the site's parameters and constants by their last name. Absent where
   * no module is adapted.
   */
  default Optional<String> mergeSource() {
    return Optional.empty();
  }

  /**
   * TorchScript method {@code merge_bias(self, bias, w) -> Tensor} of a method that changes a
   * site's bias as well; most do not.
   */
  default Optional<String> mergeBiasSource() {
    return Optional.empty();
  }

  /** Why it is no change of a model's weights, where it is none. */
  default Optional<String> unmergeable(DecoderLayout layout) {
    return Optional.empty();
  }

  /** Whether a trained tensor is saved. */
  default boolean exported(ParameterSpec parameter) {
    return true;
  }

  /** Whether of a saved tensor only the elements that are not 0 are. */
  default boolean sparse(ParameterSpec parameter) {
    return false;
  }

  /**
   * The method as it saves these values, where all of them together decide what is saved.
   *
   * @param values of a trained tensor, by its name
   */
  default AdapterMethod exporting(DecoderLayout layout, Function<String, float[]> values) {
    return this;
  }

  /**
   * A trained tensor without what {@link #exporting} leaves out, where it leaves anything out.
   *
   * @param values of a trained tensor, by its name
   */
  default Optional<float[]> settled(ParameterSpec parameter, Function<String, float[]> values) {
    return Optional.empty();
  }

  /** The name of a parameter in {@code adapter_model.safetensors}. */
  default String exportName(ParameterSpec parameter) {
    String name = parameter.name();
    if (AdapterRegistry.description(getClass()).own()) {
      return name;
    }
    int dot = name.lastIndexOf('.');
    boolean ofAdapted = name.endsWith(".bias") && adapts(name.substring(0, dot));
    return PEFT_PREFIX
        + (ofAdapted ? name.substring(0, dot) + ".base_layer" + name.substring(dot) : name);
  }

  /**
   * Sites whose base weight is saved with the adapter, as PEFT does with embeddings; a reader finds
   * there what its model has already.
   */
  default List<LinearSite> savedBases(DecoderLayout layout) {
    return List.of();
  }

  /** The name of such a weight in {@code adapter_model.safetensors}. */
  static String baseName(LinearSite site) {
    return PEFT_PREFIX + site.module() + ".base_layer.weight";
  }

  /** Whether tensors of the method's own stand beside the module at a path. */
  default boolean adapts(String module) {
    return false;
  }

  /**
   * What {@code adapter_config.json} says besides what every method has there. The settings, unless
   * a method adds to them; the caller may change the map.
   */
  default Map<String, Object> exportConfig() {
    Map<String, Object> config = new TreeMap<>(SettingsFields.exported(settings()));
    if (AdapterRegistry.description(getClass()).own()) {
      config.put(AdapterJson.OWN_FORMAT, AdapterJson.OWN_FORMAT_VERSION);
    }
    return config;
  }

  /**
   * Those of its {@link #buffers} that hold logistic noise while a step computes its gradients, the
   * same for all its micro-batches and ranks, and zeros otherwise.
   */
  default List<ParameterSpec> stepNoise(DecoderLayout layout) {
    return List.of();
  }

  /** What its {@link #stepRule} keeps of every element. */
  default List<String> ruleStates() {
    return List.of();
  }

  /** What it does around the update of a step; the caller owns it. */
  default StepRule stepRule(TensorRuntime runtime, DecoderLayout layout) {
    return StepRule.NONE;
  }

  /** All that decides what a run of the method computes; the same again where it may go on. */
  default String fingerprint() {
    return exportConfig() + " " + SettingsFields.trainingOnly(settings());
  }

  /**
   * What {@code adapter_config.json} of these values says, where they decide something of it.
   *
   * @param values of a trained tensor, by its name
   */
  default Map<String, Object> exportConfig(DecoderLayout layout, Function<String, float[]> values) {
    return exportConfig();
  }

  /**
   * What {@code adapter_config.json} repeats of the model's sizes; the caller may change the map.
   */
  default Map<String, Object> modelSizes(DecoderConfig model) {
    return new TreeMap<>();
  }

  /** Values of one tensor by index. */
  interface InitialValue {
    float at(long index);
  }

  /** The site's tensors, and those that all share, by the name that {@link #mergeSource} uses. */
  default Map<String, Tensor> mergeInputs(
      DecoderLayout layout, LinearSite site, Function<String, Tensor> parameter) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    sharedBuffers(layout).forEach(spec -> inputs.put(spec.name(), parameter.apply(spec.name())));
    List<ParameterSpec> specs = new ArrayList<>(parameters(site));
    specs.addAll(buffers(site));
    for (ParameterSpec spec : specs) {
      inputs.put(spec.name().substring(site.module().length() + 1), parameter.apply(spec.name()));
    }
    return inputs;
  }
}
