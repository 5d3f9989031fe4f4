package dev.anneal.core.peft;

import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.config.Rule;
import dev.anneal.core.format.Shape;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.tensor.CounterRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Low-rank adaptation (Hu et al., 2021, arXiv 2106.09685): y = Wx + s·B(A(dropout(x))) with s =
 * alpha ÷ r, or alpha ÷ √r when rank-stabilised (Kalajdzievski, 2023, arXiv 2312.03732). Trains
 * r·(in + out) values a module. A begins uniform in ±1/√in, B at zero, so that a fresh adapter
 * changes nothing. The default choice for instruction tuning.
 */
@PeftMethod(
    type = "LORA",
    settings = Lora.Settings.class,
    required = {"r", "lora_alpha", "target_modules"},
    withoutEffect = {
      "corda_config",
      "ensure_weight_tying",
      "eva_config",
      "init_lora_weights",
      "loftq_config",
      "lora_ga_config",
      "megatron_core",
      "qalora_group_size"
    },
    unsupported = {
      "alora_invocation_tokens",
      "arrow_config",
      "fan_in_fan_out",
      "kasa_config",
      "layer_replication",
      "lora_bias",
      "megatron_config",
      "monteclora_config",
      "target_parameters",
      "trainable_token_indices",
      "use_bdlora",
      "use_dora",
      "use_qalora",
      "velora_config"
    })
public final class Lora implements AdapterMethod {
  private static final String A = ".lora_A.weight";
  private static final String B = ".lora_B.weight";
  private static final String SCALING = ".lora_scaling";
  private static final String DROPOUT = ".lora_dropout";
  private static final String SITE_KEY = ".lora_site_key";

  private final Settings settings;
  private final ModuleTargets targets;
  private final SavedModules saved;

  /**
   * PEFT's LoraConfig, as far as it is supported.
   *
   * @param rankPattern rank of modules whose path matches a key, in PEFT's pattern rule; of several
   *     keys the first
   * @param alphaPattern the same for alpha
   */
  @ElementDefaults(
      """
      r = 8, lora_alpha = 16, lora_dropout = 0.0, target_modules = all-linear
      exclude_modules = "", layers_to_transform = [], layers_pattern = []
      rank_pattern = {}, alpha_pattern = {}, use_rslora = false, bias = none, modules_to_save = []
      """)
  public record Settings(
      int r,
      double loraAlpha,
      double loraDropout,
      ModuleNames targetModules,
      ModuleNames excludeModules,
      List<Integer> layersToTransform,
      List<String> layersPattern,
      Map<String, Integer> rankPattern,
      Map<String, Double> alphaPattern,
      boolean useRslora,
      Bias bias,
      List<String> modulesToSave) {
    public Settings {
      Rule.positive("adapter.r", r);
      Rule.positive("adapter.lora_alpha", loraAlpha);
      Rule.below("adapter.lora_dropout", loraDropout, 0, 1);
      rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
      alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
      rankPattern.forEach((name, value) -> Rule.positive("adapter.rank_pattern." + name, value));
      alphaPattern.forEach((name, value) -> Rule.positive("adapter.alpha_pattern." + name, value));
      ModulePattern.requireExpressions("adapter.rank_pattern", rankPattern);
      ModulePattern.requireExpressions("adapter.alpha_pattern", alphaPattern);
    }
  }

  public Lora(Settings settings) {
    this.settings = settings;
    this.targets =
        new ModuleTargets(
            settings.targetModules(),
            settings.excludeModules(),
            settings.layersToTransform(),
            settings.layersPattern());
    this.saved = new SavedModules(settings.modulesToSave());
  }

  @Override
  public Record settings() {
    return settings;
  }

  @Override
  public String forwardSource() {
    return """
  def adapt(self: __torch__.Program, x: Tensor, y: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str) -> Tensor:
    name = site + ".lora_A.weight"
    if not torch.__contains__(w, name):
      return y
    if torch.__contains__(w, site + ".lora_dropout") and torch.__contains__(c, "random_keys"):
      dropped = self.dropout(x, c["random_keys"], w[site + ".lora_site_key"], float(w[site + ".lora_dropout"]))
    else:
      dropped = x
    low = torch.linear(dropped, w[name])
    # [r, out] in one piece: the products of its gradient are several times faster
    b = torch.contiguous(torch.t(w[site + ".lora_B.weight"]))
    return torch.addmm(y, low, b, beta=1, alpha=float(w[site + ".lora_scaling"]))

  # A mask that depends on the token's key, the site and the column alone, whatever the rank,
  # the micro-batch or the number of passes.
  def dropout(self: __torch__.Program, x: Tensor, keys: Tensor, site_key: Tensor, p: float) -> Tensor:
    columns = torch.mul(torch.arange(torch.size(x, 1)), 2654435769)
    h = torch.add(torch.add(torch.unsqueeze(keys, 1), columns), torch.to(site_key, 4))
    h = torch.mul(torch.bitwise_xor(h, torch.bitwise_and(torch.bitwise_right_shift(h, 29), 34359738367)), -4658895280553007687)
    h = torch.bitwise_xor(h, torch.bitwise_and(torch.bitwise_right_shift(h, 32), 4294967295))
    uniform = torch.div(torch.to(torch.bitwise_and(h, 16777215), 6), 16777216.)
    keep = torch.div(torch.to(torch.ge(uniform, p), 6), 1. - p)
    return torch.mul(x, keep)
""";
  }

  @Override
  public Optional<String> effectiveSource() {
    return Optional.of(
        """
  # Without dropout E = W + sBA is written into the scratch; with it E = W and the update is a branch.
  def effective_weight(self: __torch__.Program, w: Dict[str, Tensor], site: str) -> Tensor:
    if not torch.__contains__(w, site + ".lora_A.weight") or torch.__contains__(w, site + ".lora_dropout"):
      return self.base_weight(w, site)
    e = self.base_copy(w, site)
    return e.addmm_(w[site + ".lora_B.weight"], w[site + ".lora_A.weight"], beta=1, alpha=float(w[site + ".lora_scaling"]))

  # dA = s (dy B)T x, dB = s dyT (x AT), the latter as its transpose: half the time.
  def effective_gradients(self: __torch__.Program, x: Tensor, dy: Tensor, w: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> None:
    if torch.__contains__(w, site + ".lora_A.weight") and not torch.__contains__(w, site + ".lora_dropout"):
      self.lora_gradients(x, dy, w, site, g)

  def lora_gradients(self: __torch__.Program, x: Tensor, dy: Tensor, w: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> Tensor:
    a = site + ".lora_A.weight"
    b = site + ".lora_B.weight"
    s = float(w[site + ".lora_scaling"])
    u = torch.mul(self.product(dy, torch.t(w[b])), s)
    self.add_product(g[a], torch.t(u), torch.t(x))
    low = self.product(x, w[a])
    g[b].add_(torch.t(self.product(torch.t(low), torch.t(dy))), alpha=s)
    return u

  def branch(self: __torch__.Program, x: Tensor, y: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str) -> Tensor:
    if torch.__contains__(w, site + ".lora_dropout"):
      return self.adapt(x, y, w, c, site)
    return y

  def branch_backward(self: __torch__.Program, x: Tensor, dy: Tensor, dx: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> Tensor:
    if not torch.__contains__(w, site + ".lora_dropout"):
      return dx
    keys = c["random_keys"]
    p = float(w[site + ".lora_dropout"])
    u = self.lora_gradients(self.dropout(x, keys, w[site + ".lora_site_key"], p), dy, w, site, g)
    return dx.add_(self.dropout(self.product(u, torch.t(w[site + ".lora_A.weight"])), keys, w[site + ".lora_site_key"], p))
""");
  }

  @Override
  public Optional<String> mergeSource() {
    return Optional.of(
        """
  def merge(self: __torch__.Program, weight: Tensor, w: Dict[str, Tensor]) -> Tensor:
    return torch.addmm(weight, w["lora_B.weight"], w["lora_A.weight"], beta=1, alpha=float(w["lora_scaling"]))
""");
  }

  @Override
  public boolean adapts(String module) {
    return targets.matches(module) && !saved.matches(module);
  }

  @Override
  public boolean untiesHead() {
    return saved.untieHead();
  }

  @Override
  public List<String> trainedWeights(DecoderLayout layout) {
    List<String> names = new ArrayList<>(saved.weights(layout));
    for (String bias : settings.bias().weights(layout, this::adapts)) {
      if (!names.contains(bias)) {
        names.add(bias);
      }
    }
    return names;
  }

  @Override
  public List<ParameterSpec> parameters(LinearSite site) {
    if (!adapts(site.module())) {
      return List.of();
    }
    int rank = rank(site);
    return List.of(
        new ParameterSpec(site.module() + A, Shape.of(rank, site.inFeatures()), true),
        new ParameterSpec(site.module() + B, Shape.of(site.outFeatures(), rank), true));
  }

  @Override
  public Map<String, Double> constants(LinearSite site) {
    if (!adapts(site.module())) {
      return Map.of();
    }
    Map<String, Double> constants = new TreeMap<>();
    constants.put(site.nameInLayer() + SCALING, scaling(site));
    if (random()) {
      constants.put(site.nameInLayer() + DROPOUT, settings.loraDropout());
      // 52 bits: exact in fp64
      constants.put(
          site.nameInLayer() + SITE_KEY,
          (double) (CounterRandom.of(0, site.module()).bits(0) >>> 12));
    }
    return constants;
  }

  @Override
  public List<ModuleSelection> selections() {
    List<ModuleSelection> selections = new ArrayList<>(targets.selections());
    selections.addAll(ModulePattern.selections(ModuleSelection.RANKS, settings.rankPattern()));
    selections.addAll(ModulePattern.selections(ModuleSelection.ALPHAS, settings.alphaPattern()));
    selections.addAll(saved.selections());
    return selections;
  }

  @Override
  public boolean random() {
    return settings.loraDropout() > 0;
  }

  private int rank(LinearSite site) {
    return ModulePattern.find(settings.rankPattern(), site.module()).orElse(settings.r());
  }

  private double scaling(LinearSite site) {
    double alpha =
        ModulePattern.find(settings.alphaPattern(), site.module()).orElse(settings.loraAlpha());
    int rank = rank(site);
    return alpha / (settings.useRslora() ? Math.sqrt(rank) : rank);
  }

  @Override
  public InitialValue initialValue(ParameterSpec parameter, long seed) {
    if (parameter.name().endsWith(B)) {
      return index -> 0f;
    }
    double bound = 1 / Math.sqrt(parameter.shape().dimensions().get(1));
    CounterRandom random = CounterRandom.of(seed, parameter.name());
    return index -> (float) ((2 * random.uniform(index) - 1) * bound);
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
    Map<String, Object> config = AdapterMethod.super.exportConfig();
    config.put("fan_in_fan_out", false);
    config.put("init_lora_weights", true);
    config.put("loftq_config", Map.of());
    config.put("lora_alpha", number(settings.loraAlpha()));
    config.put("use_dora", false);
    return config;
  }

  /** PEFT writes a whole alpha as an integer. */
  private static Number number(double value) {
    if (value == Math.rint(value)) {
      return (long) value;
    }
    return value;
  }
}
