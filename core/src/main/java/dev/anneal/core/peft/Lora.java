package dev.anneal.core.peft;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.SavedTensor;
import dev.anneal.core.format.Shape;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.modules.AdaptedModules;
import dev.anneal.core.peft.modules.InitialInputs;
import dev.anneal.core.peft.modules.LoraSettings;
import dev.anneal.core.peft.modules.LowRankConstants;
import dev.anneal.core.peft.modules.ModelEnds;
import dev.anneal.core.peft.modules.ModulePattern;
import dev.anneal.core.peft.modules.ModuleSelection;
import dev.anneal.core.script.Program;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Low-rank adaptation (Hu et al., 2021, arXiv 2106.09685): y = Wx + s·B(A(dropout(x))) with s =
 * alpha ÷ r, or alpha ÷ √r when rank-stabilised (Kalajdzievski, 2023, arXiv 2312.03732). Trains
 * r·(in + out) values a module. A begins uniform in ±1/√in, B at zero, so that a fresh adapter
 * changes nothing. The default choice for instruction tuning.
 *
 * <p>{@code use_dora} (Liu et al., 2024, arXiv 2402.09353) trains the length of each row of V = W +
 * sBA too: y = (m ÷ ‖V‖)·Vx, ‖V‖ a constant in the backward. {@code init_lora_weights} = pissa
 * (Meng et al., 2024, arXiv 2404.02948) and olora (Büyükakyüz, 2024, arXiv 2406.01775) begin with
 * parts of W, A0 and B0, which are kept beside the trained ones: V = W + s(BA − B0A0).
 *
 * <p>The embedding is a linear map of one-hot tokens: its A [r, vocabulary] begins at zero, its B
 * normal, and nothing is dropped there. {@code trainable_token_indices} trains rows of embedding or
 * output matrix beside: tokens · hidden values.
 */
@PeftMethod(
    type = "LORA",
    settings = LoraSettings.class,
    required = {"r", "lora_alpha", "target_modules"},
    withoutEffect = {
      "corda_config",
      "eva_config",
      "loftq_config",
      "lora_ga_config",
      "megatron_core",
      "qalora_group_size"
    },
    unsupported = {
      "alora_invocation_tokens",
      "arrow_config",
      "ensure_weight_tying",
      "fan_in_fan_out",
      "kasa_config",
      "layer_replication",
      "megatron_config",
      "monteclora_config",
      "target_parameters",
      "use_bdlora",
      "use_qalora",
      "velora_config"
    })
public final class Lora implements ModuleMethod {
  private static final double NOT_TRAINED = 0;
  private static final String A = ".lora_A.weight";
  private static final String B = ".lora_B.weight";
  private static final String B_BIAS = ".lora_B.bias";
  private static final String MAGNITUDE = ".lora_magnitude_vector";
  private static final String A0 = ".lora_A0";
  private static final String B0 = ".lora_B0";

  private final LoraSettings settings;
  private final AdaptedModules modules;
  private final ModelEnds ends;
  private final LoraInit init;
  private final double learningRate;

  public Lora(LoraSettings settings) {
    this(settings, NOT_TRAINED);
  }

  private Lora(LoraSettings settings, double learningRate) {
    this.settings = settings;
    this.learningRate = learningRate;
    this.modules =
        AdaptedModules.of(
            settings.targetModules(),
            settings.excludeModules(),
            settings.layersToTransform(),
            settings.layersPattern(),
            settings.bias(),
            settings.modulesToSave());
    this.ends = new ModelEnds(modules, settings.trainableTokenIndices());
    this.init = LoraInit.of(settings.initLoraWeights());
  }

  @Override
  public LoraSettings settings() {
    return settings;
  }

  @Override
  public AdaptedModules modules() {
    return modules;
  }

  @Override
  public String forwardSource() {
    return Program.source(Lora.class, "lora.torchscript")
        + Program.source(Lora.class, "dropout.torchscript");
  }

  @Override
  public String endsSource() {
    return Program.source(Lora.class, "lora-ends.torchscript");
  }

  @Override
  public List<LinearSite> ends(DecoderLayout layout) {
    return ends.sites(layout);
  }

  @Override
  public Map<String, List<Integer>> initialRows(LinearSite site) {
    return ends.initialRows(site);
  }

  @Override
  public Map<String, long[]> indices(LinearSite site) {
    return ends.indices(site);
  }

  @Override
  public List<LinearSite> savedBases(DecoderLayout layout) {
    return ends.savedBases(layout);
  }

  @Override
  public boolean untiesHead() {
    return ends.untieHead();
  }

  @Override
  public Optional<String> effectiveSource() {
    return Optional.of(Program.source(Lora.class, "lora-written.torchscript"));
  }

  /** A branch, but for DoRA's, which reads the whole sum. */
  @Override
  public boolean writtenForHalf() {
    return !settings.useDora();
  }

  @Override
  public boolean foldedForGeneration() {
    return settings.useDora();
  }

  @Override
  public Optional<String> mergeSource() {
    return Optional.of(Program.source(Lora.class, "lora-merge.torchscript"));
  }

  @Override
  public Optional<String> mergeBiasSource() {
    return settings.loraBias()
        ? Optional.of(Program.source(Lora.class, "lora-merge-bias.torchscript"))
        : Optional.empty();
  }

  @Override
  public Optional<String> unmergeable(DecoderLayout layout) {
    return sites(layout).stream()
        .map(LinearSite::module)
        .filter(module -> settings.loraBias() && adapts(module))
        .filter(module -> !layout.weights().containsKey(module + ".bias"))
        .findFirst()
        .map(module -> "with lora_bias, since " + module + " has no bias to take it");
  }

  @Override
  public Optional<String> initialSource() {
    return settings.useDora() || init.keepsParts()
        ? Optional.of(Program.source(Lora.class, "lora-initial.torchscript"))
        : Optional.empty();
  }

  /** LoRA+ gives vectors B's learning rate, as PEFT does. */
  @Override
  public ParameterSpec trained(ParameterSpec weight) {
    return weight.shape().dimensions().size() == 1
        ? new ParameterSpec(
            weight.name(), weight.shape(), weight.decay(), settings.loraplusLrRatio())
        : weight;
  }

  @Override
  public List<ParameterSpec> parameters(LinearSite site) {
    if (!adapts(site.module())) {
      return ends.rows(site);
    }
    int rank = rank(site);
    if (site.isEmbedding()) {
      return LoraInit.embedding(site, rank, embeddingRate());
    }
    List<ParameterSpec> specs = new ArrayList<>();
    specs.add(new ParameterSpec(site.module() + A, Shape.of(rank, site.inFeatures()), true));
    specs.add(
        new ParameterSpec(
            site.module() + B,
            Shape.of(site.outFeatures(), rank),
            true,
            settings.loraplusLrRatio()));
    if (settings.loraBias()) {
      specs.add(
          new ParameterSpec(
              site.module() + B_BIAS,
              Shape.of(site.outFeatures()),
              false,
              settings.loraplusLrRatio()));
    }
    if (settings.useDora()) {
      specs.add(
          new ParameterSpec(
              site.module() + MAGNITUDE,
              Shape.of(site.outFeatures()),
              true,
              settings.loraplusLrRatio()));
    }
    return specs;
  }

  @Override
  public AdapterMethod trainedAt(double learningRate) {
    return new Lora(settings, learningRate);
  }

  /** LoRA+ gives an embedding's tensors a learning rate of their own, as PEFT does. */
  private double embeddingRate() {
    return settings.loraplusLrRatio() == 1 || learningRate == NOT_TRAINED
        ? 1
        : settings.loraplusLrEmbedding() / learningRate;
  }

  @Override
  public List<ParameterSpec> buffers(LinearSite site) {
    if (!adapts(site.module()) || !init.keepsParts()) {
      return List.of();
    }
    int rank = rank(site);
    return List.of(
        new ParameterSpec(site.module() + A0, Shape.of(rank, site.inFeatures()), false),
        new ParameterSpec(site.module() + B0, Shape.of(site.outFeatures(), rank), false));
  }

  @Override
  public Map<String, Double> constants(LinearSite site) {
    if (!adapts(site.module())) {
      return Map.of();
    }
    double dropout = site.isEmbedding() ? 0 : settings.loraDropout();
    return LowRankConstants.of(site, settings.scaling(site.module()), dropout);
  }

  @Override
  public List<ModuleSelection> selections() {
    List<ModuleSelection> selections = new ArrayList<>(modules.selections());
    selections.addAll(ModulePattern.selections(ModuleSelection.RANKS, settings.rankPattern()));
    selections.addAll(ModulePattern.selections(ModuleSelection.ALPHAS, settings.alphaPattern()));
    return selections;
  }

  @Override
  public boolean random() {
    return settings.loraDropout() > 0;
  }

  private int rank(LinearSite site) {
    return settings.rank(site.module());
  }

  @Override
  public InitialValue initialValue(ParameterSpec parameter, long seed) {
    return init.value(parameter, parameter.name().endsWith(B), seed);
  }

  @Override
  public InitialInputs initialInputs(LinearSite site, long seed) {
    return init.inputs(site, rank(site), seed);
  }

  @Override
  public void requireFresh(DecoderLayout layout) {
    ModuleMethod.super.requireFresh(layout);
    init.requireKnown();
    requireForms();
    requireEffects(layout);
    requireRanks(layout, "r", this::rank, "; give it another in adapter.rank_pattern");
  }

  @Override
  public void requireReadable() {
    init.requireReadable();
    requireForms();
  }

  private void requireForms() {
    ends.requireOneKind();
    if (settings.useDora()) {
      ends.refuse("use_dora: true");
    }
    if (init.keepsParts()) {
      ends.refuse("init_lora_weights: " + init.name());
    }
    if (settings.loraBias()) {
      ends.refuseAtEmbedding("lora_bias: true");
    }
  }

  private void requireEffects(DecoderLayout layout) {
    ends.requireFresh(layout);
    boolean linear =
        sites(layout).stream().anyMatch(site -> !site.isEmbedding() && adapts(site.module()));
    if (random() && !linear) {
      throw new ConfigException(
          "Invalid adapter.lora_dropout: "
              + settings.loraDropout()
              + " (has no effect on "
              + ModelEnds.EMBEDDING
              + ", the only module of adapter.target_modules)");
    }
    if (settings.ownEmbeddingRate() && !adapts(ModelEnds.EMBEDDING)) {
      throw new ConfigException(
          "Invalid adapter.loraplus_lr_embedding: "
              + settings.loraplusLrEmbedding()
              + " (has no effect without embed_tokens in adapter.target_modules)");
    }
  }

  /** With parts of W beside the trained ones, as PEFT converts them. */
  @Override
  public Optional<SavedTensor> saved(ParameterSpec parameter, Function<String, float[]> values) {
    String name = parameter.name();
    boolean isA = name.endsWith(A);
    if (!init.keepsParts() || !isA && !name.endsWith(B)) {
      return Optional.empty();
    }
    float[] trained = values.apply(name);
    String module = name.substring(0, name.length() - A.length());
    return Optional.of(
        isA
            ? LoraInit.below(parameter.shape(), trained, values.apply(module + A0))
            : LoraInit.beside(parameter.shape(), trained, values.apply(module + B0)));
  }

  @Override
  public String summary() {
    return "r "
        + settings.r()
        + ", alpha "
        + number(settings.loraAlpha())
        + ", on "
        + settings.targetModules();
  }

  @Override
  public Map<String, Object> exportConfig() {
    Map<String, Object> config = ModuleMethod.super.exportConfig();
    config.put("fan_in_fan_out", false);
    config.put("init_lora_weights", true);
    config.put("loftq_config", Map.of());
    double widened = settings.useRslora() ? Math.sqrt(init.width()) : init.width();
    config.put("lora_alpha", number(settings.loraAlpha() * widened));
    config.put("r", settings.r() * init.width());
    Map<String, Object> ranks = new LinkedHashMap<>();
    settings.rankPattern().forEach((name, rank) -> ranks.put(name, rank * init.width()));
    config.put("rank_pattern", ranks);
    Map<String, Object> alphas = new LinkedHashMap<>();
    settings.alphaPattern().forEach((name, alpha) -> alphas.put(name, alpha * widened));
    config.put("alpha_pattern", alphas);
    return config;
  }

  /** PEFT writes a whole alpha as an integer. */
  static Number number(double value) {
    if (value == Math.rint(value)) {
      return (long) value;
    }
    return value;
  }
}
