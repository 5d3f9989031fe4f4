package dev.anneal.core.peft;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.config.Rule;
import dev.anneal.core.config.SettingName;
import dev.anneal.core.format.SavedTensor;
import dev.anneal.core.format.Shape;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.optim.StepRule;
import dev.anneal.core.peft.modules.AdaptedModules;
import dev.anneal.core.peft.modules.Bias;
import dev.anneal.core.peft.modules.LowRankConstants;
import dev.anneal.core.peft.modules.ModuleNames;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.CounterRandom;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * AdaLoRA (Zhang et al., 2023, arXiv 2303.10512): y = Wx + s·B·diag(E)·A·dropout(x), s = alpha ÷
 * (init_r + 1e-5), with init_r singular values E a module at first. During the run the least
 * important of all modules go, until target_r a module are left on average. Trains init_r·(in + out
 * + 1) values a module and keeps two more of each beside the optimizer's moments.
 */
@PeftMethod(
    type = "ADALORA",
    settings = AdaLora.Settings.class,
    required = {"init_r", "lora_alpha", "target_modules"},
    withoutEffect = {
      "alpha_pattern",
      "corda_config",
      "ensure_weight_tying",
      "eva_config",
      "init_lora_weights",
      "loftq_config",
      "lora_ga_config",
      "megatron_core",
      "qalora_group_size",
      "r",
      "use_rslora"
    },
    unsupported = {
      "alora_invocation_tokens",
      "arrow_config",
      "fan_in_fan_out",
      "layer_replication",
      "lora_bias",
      "megatron_config",
      "target_parameters",
      "trainable_token_indices",
      "use_dora",
      "use_qalora"
    })
public final class AdaLora implements ModuleMethod {
  static final String A = ".lora_A";
  static final String B = ".lora_B";
  static final String E = ".lora_E";

  private static final double DEVIATION = 0.02;
  private static final double OVER_ZERO = 1e-5;

  private final Settings settings;
  private final AdaptedModules modules;

  /**
   * PEFT's AdaLoraConfig, as far as it is supported.
   *
   * @param totalStep steps of the run, as PEFT counts them from 0
   * @param rankPattern which singular values a saved adapter still has, by {@code <module>.lora_E}
   */
  @ElementDefaults(
      """
      init_r = 12, target_r = 8, tinit = 0, tfinal = 0, deltaT = 1, beta1 = 0.85, beta2 = 0.85
      orth_reg_weight = 0.5, total_step = 0, lora_alpha = 16, lora_dropout = 0.0
      target_modules = all-linear, exclude_modules = "", layers_to_transform = []
      layers_pattern = [], bias = none, modules_to_save = [], rank_pattern = {}
      """)
  public record Settings(
      int initR,
      int targetR,
      int tinit,
      int tfinal,
      @SettingName("deltaT") int deltaT,
      double beta1,
      double beta2,
      double orthRegWeight,
      int totalStep,
      double loraAlpha,
      double loraDropout,
      ModuleNames targetModules,
      ModuleNames excludeModules,
      List<Integer> layersToTransform,
      List<String> layersPattern,
      Bias bias,
      List<String> modulesToSave,
      Map<String, List<Boolean>> rankPattern) {
    public Settings {
      Rule.positive("adapter.init_r", initR);
      Rule.positive("adapter.target_r", targetR);
      Rule.check(
          targetR <= initR, "adapter.target_r", targetR, "must be <= adapter.init_r, " + initR);
      Rule.notNegative("adapter.tinit", tinit);
      Rule.notNegative("adapter.tfinal", tfinal);
      Rule.positive("adapter.deltaT", deltaT);
      Rule.check(beta1 > 0 && beta1 < 1, "adapter.beta1", beta1, "must be in (0, 1)");
      Rule.check(beta2 > 0 && beta2 < 1, "adapter.beta2", beta2, "must be in (0, 1)");
      Rule.notNegative("adapter.orth_reg_weight", orthRegWeight);
      Rule.positive("adapter.lora_alpha", loraAlpha);
      Rule.below("adapter.lora_dropout", loraDropout, 0, 1);
      if (totalStep <= 0) {
        throw new ConfigException(
            "Missing adapter.total_step (the steps of the run, over which singular values go)");
      }
      Rule.check(
          tinit < (long) totalStep - tfinal,
          "adapter.tinit",
          tinit,
          "must be < adapter.total_step - adapter.tfinal, " + ((long) totalStep - tfinal));
      rankPattern = Map.copyOf(rankPattern);
    }
  }

  public AdaLora(Settings settings) {
    this.settings = settings;
    this.modules =
        AdaptedModules.of(
            settings.targetModules(),
            settings.excludeModules(),
            settings.layersToTransform(),
            settings.layersPattern(),
            settings.bias(),
            settings.modulesToSave());
  }

  @Override
  public Record settings() {
    return settings;
  }

  @Override
  public AdaptedModules modules() {
    return modules;
  }

  @Override
  public String forwardSource() {
    return Program.source(AdaLora.class, "adalora.torchscript")
        + Program.source(AdaLora.class, "dropout.torchscript");
  }

  @Override
  public Optional<String> effectiveSource() {
    return Optional.of(Program.source(AdaLora.class, "adalora-written.torchscript"));
  }

  @Override
  public Optional<String> mergeSource() {
    return Optional.of(
        """
  def merge(self: __torch__.Program, weight: Tensor, w: Dict[str, Tensor]) -> Tensor:
    a = torch.mul(w["lora_A"], w["lora_E"])
    return torch.addmm(weight, w["lora_B"], a, beta=1, alpha=float(w["lora_scaling"]))
""");
  }

  @Override
  public boolean adapts(String module) {
    return ModuleMethod.super.adapts(module) && rank(module) > 0;
  }

  private int rank(String module) {
    List<Boolean> kept = settings.rankPattern().get(module + E);
    return kept == null ? settings.initR() : (int) kept.stream().filter(Boolean::valueOf).count();
  }

  @Override
  public List<ParameterSpec> parameters(LinearSite site) {
    if (!adapts(site.module())) {
      return List.of();
    }
    int rank = rank(site.module());
    return List.of(
        new ParameterSpec(site.module() + A, Shape.of(rank, site.inFeatures()), true),
        new ParameterSpec(site.module() + B, Shape.of(site.outFeatures(), rank), true),
        new ParameterSpec(site.module() + E, Shape.of(rank, 1), true));
  }

  @Override
  public Map<String, Double> constants(LinearSite site) {
    return adapts(site.module())
        ? LowRankConstants.of(
            site, settings.loraAlpha() / (settings.initR() + OVER_ZERO), settings.loraDropout())
        : Map.of();
  }

  @Override
  public boolean random() {
    return settings.loraDropout() > 0;
  }

  @Override
  public InitialValue initialValue(ParameterSpec parameter, long seed) {
    if (parameter.name().endsWith(E)) {
      return index -> 0f;
    }
    CounterRandom random = CounterRandom.of(seed, parameter.name());
    return index -> (float) (DEVIATION * random.gaussian(index));
  }

  @Override
  public void requireFresh(DecoderLayout layout) {
    ModuleMethod.super.requireFresh(layout);
    requireRanks(layout, "init_r", site -> settings.initR(), "");
  }

  @Override
  public List<String> ruleStates() {
    return AdaLoraRule.STATES;
  }

  @Override
  public StepRule stepRule(TensorRuntime runtime, DecoderLayout layout) {
    List<AdaLoraRule.Module> modules = new ArrayList<>();
    for (LinearSite site : layout.sites()) {
      if (adapts(site.module())) {
        modules.add(
            new AdaLoraRule.Module(
                site.module(), rank(site.module()), site.inFeatures(), site.outFeatures()));
      }
    }
    return new AdaLoraRule(runtime, settings, modules);
  }

  /** Without the singular values that are gone, which are 0. */
  @Override
  public Optional<SavedTensor> saved(ParameterSpec parameter, Function<String, float[]> values) {
    String name = parameter.name();
    String module = name.substring(0, name.length() - A.length());
    if (!adapts(module) || parameter.shape().dimensions().size() != 2) {
      return Optional.empty();
    }
    int[] kept = kept(values.apply(module + E));
    float[] all = values.apply(name);
    int rows = Math.toIntExact(parameter.shape().dimensions().get(0));
    int columns = all.length / rows;
    return Optional.of(
        name.endsWith(B) ? columns(all, rows, columns, kept) : rows(all, columns, kept));
  }

  private static int[] kept(float[] e) {
    return IntStream.range(0, e.length).filter(i -> e[i] != 0).toArray();
  }

  private static SavedTensor rows(float[] all, int columns, int[] kept) {
    float[] values = new float[kept.length * columns];
    for (int i = 0; i < kept.length; i++) {
      System.arraycopy(all, kept[i] * columns, values, i * columns, columns);
    }
    return new SavedTensor(Shape.of(kept.length, columns), values);
  }

  private static SavedTensor columns(float[] all, int rows, int columns, int[] kept) {
    float[] values = new float[rows * kept.length];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < kept.length; i++) {
        values[row * kept.length + i] = all[row * columns + kept[i]];
      }
    }
    return new SavedTensor(Shape.of(rows, kept.length), values);
  }

  /** {@code rank_pattern} says which singular values each tensor of the file still has. */
  @Override
  public Map<String, Object> exportConfig(DecoderLayout layout, Function<String, float[]> values) {
    Map<String, Object> config = exportConfig();
    Map<String, Object> pattern = new TreeMap<>();
    boolean cut = false;
    for (LinearSite site : layout.sites()) {
      if (adapts(site.module())) {
        float[] e = values.apply(site.module() + E);
        List<Boolean> own = IntStream.range(0, e.length).mapToObj(i -> e[i] != 0).toList();
        pattern.put(site.module() + E, own);
        cut |= own.contains(false);
      }
    }
    config.put("rank_pattern", cut ? pattern : null);
    return config;
  }

  @Override
  public String summary() {
    return "r "
        + settings.initR()
        + " to "
        + settings.targetR()
        + ", alpha "
        + Lora.number(settings.loraAlpha())
        + ", on "
        + settings.targetModules();
  }

  @Override
  public Map<String, Object> exportConfig() {
    Map<String, Object> config = ModuleMethod.super.exportConfig();
    config.put("alpha_pattern", Map.of());
    config.put("fan_in_fan_out", false);
    config.put("init_lora_weights", true);
    config.put("loftq_config", Map.of());
    config.put("lora_alpha", Lora.number(settings.loraAlpha()));
    config.put("r", settings.initR());
    config.put("use_dora", false);
    config.put("use_rslora", false);
    return config;
  }
}
