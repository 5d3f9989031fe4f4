package dev.anneal.core.peft;

import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.config.Rule;
import dev.anneal.core.format.SavedTensor;
import dev.anneal.core.format.Shape;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.optim.StepRule;
import dev.anneal.core.peft.diff.GatePenalty;
import dev.anneal.core.peft.diff.KeptDifferences;
import dev.anneal.core.peft.modules.AdaptedModules;
import dev.anneal.core.peft.modules.Bias;
import dev.anneal.core.peft.modules.ModuleNames;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Diff pruning (Guo, Rush and Kim, 2020, arXiv 2012.07463): y = (W + z ∘ D) x + b, the gates z hard
 * concrete (Louizos et al., 2017, arXiv 1712.01312), sigmoid(alpha + noise) stretched to (-1.5,
 * 1.5) and cut to [0, 1], with noise of each step; the expected number of open gates is added to
 * the loss. Structured, a gate of the whole matrix is multiplied in. Trains 2 · out · in values a
 * module and keeps one more of each, the noise. What is saved is the sparse difference alone;
 * training goes on from it over the elements that it has, the gates gone, which is the paper's last
 * phase.
 */
@PeftMethod(
    type = "DIFF_PRUNING",
    settings = DiffPruning.Settings.class,
    own = true,
    required = "target_modules",
    withoutEffect = {"elements", "kept_elements"})
public final class DiffPruning implements ModuleMethod {
  private static final String DIFF = ".diff";
  private static final String ALPHA = ".diff_alpha";
  private static final String GROUP = ".diff_group";
  private static final String NOISE = "_noise";
  private static final Shape ONE = Shape.of(1);

  private final Settings settings;
  private final AdaptedModules modules;
  private final boolean gated;
  private final Optional<KeptDifferences> kept;

  /**
   * @param structured whether a gate of each matrix is multiplied in
   * @param sparsityPenalty weight of the expected number of open gates
   * @param alphaInit where locations of gates begin; the paper's 5 has them open
   * @param alphaLrRatio how many times the learning rate they take
   * @param keepFraction of all elements that are saved at most, the largest
   */
  @ElementDefaults(
      """
      structured = false, sparsity_penalty = 1.25e-7, alpha_init = 5.0, alpha_lr_ratio = 100.0
      keep_fraction = 1.0, target_modules = all-linear, exclude_modules = ""
      layers_to_transform = [], layers_pattern = []
      """)
  public record Settings(
      boolean structured,
      double sparsityPenalty,
      double alphaInit,
      double alphaLrRatio,
      double keepFraction,
      ModuleNames targetModules,
      ModuleNames excludeModules,
      List<Integer> layersToTransform,
      List<String> layersPattern) {
    public Settings {
      Rule.notNegative("adapter.sparsity_penalty", sparsityPenalty);
      Rule.between("adapter.alpha_init", alphaInit, -50, 50);
      Rule.positive("adapter.alpha_lr_ratio", alphaLrRatio);
      Rule.check(
          keepFraction > 0 && keepFraction <= 1,
          "adapter.keep_fraction",
          keepFraction,
          "must be in (0, 1]");
    }
  }

  public DiffPruning(Settings settings) {
    this(settings, true, Optional.empty());
  }

  /**
   * @param gated whether gates are trained
   * @param kept what is saved
   */
  private DiffPruning(Settings settings, boolean gated, Optional<KeptDifferences> kept) {
    this.settings = settings;
    this.gated = gated;
    this.kept = kept;
    this.modules =
        AdaptedModules.of(
            settings.targetModules(),
            settings.excludeModules(),
            settings.layersToTransform(),
            settings.layersPattern(),
            Bias.NONE,
            List.of());
  }

  @Override
  public AdapterMethod asExported() {
    return new DiffPruning(settings, false, Optional.empty());
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
  public String summary() {
    return (settings.structured() ? "structured, on " : "on ") + settings.targetModules();
  }

  private static String gates() {
    return Program.source(GatePenalty.class, "gates.torchscript");
  }

  @Override
  public String forwardSource() {
    return gates()
        + """

  def has_difference(self: __torch__.Program, w: Dict[str, Tensor], site: str) -> bool:
    return torch.__contains__(w, site + ".diff")

  def adapt(self: __torch__.Program, x: Tensor, y: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str) -> Tensor:
    if not self.has_difference(w, site):
      return y
    return torch.add(y, self.map_rows(x, self.difference(w, site + "."), None))
""";
  }

  @Override
  public Optional<String> effectiveSource() {
    return Optional.of(
        Program.source(GatePenalty.class, "diff-written.torchscript") + "\n" + NO_BRANCH);
  }

  /** dE, the gate, its slope, and two between. */
  @Override
  public int matricesAtWork() {
    return 5;
  }

  @Override
  public boolean foldedForGeneration() {
    return true;
  }

  @Override
  public Optional<String> mergeSource() {
    return Optional.of(
        gates()
            + """

  def merge(self: __torch__.Program, weight: Tensor, w: Dict[str, Tensor]) -> Tensor:
    return torch.add(weight, self.difference(w, ""))
""");
  }

  @Override
  public List<ParameterSpec> parameters(LinearSite site) {
    if (!adapts(site.module())) {
      return List.of();
    }
    Shape shape = Shape.of(site.outFeatures(), site.inFeatures());
    List<ParameterSpec> specs = new ArrayList<>();
    specs.add(new ParameterSpec(site.module() + DIFF, shape, true));
    if (gated) {
      double rate = settings.alphaLrRatio();
      specs.add(new ParameterSpec(site.module() + ALPHA, shape, false, rate));
      if (settings.structured()) {
        specs.add(new ParameterSpec(site.module() + GROUP, ONE, false, rate));
      }
    }
    return specs;
  }

  /** The noise of every gate. */
  @Override
  public List<ParameterSpec> buffers(LinearSite site) {
    return parameters(site).stream()
        .filter(spec -> !spec.name().endsWith(DIFF))
        .map(spec -> new ParameterSpec(spec.name() + NOISE, spec.shape(), false))
        .toList();
  }

  @Override
  public List<ParameterSpec> stepNoise(DecoderLayout layout) {
    return layout.sites().stream().flatMap(site -> buffers(site).stream()).toList();
  }

  @Override
  public InitialValue initialValue(ParameterSpec parameter, long seed) {
    float value = parameter.name().endsWith(DIFF) ? 0f : (float) settings.alphaInit();
    return index -> value;
  }

  @Override
  public StepRule stepRule(TensorRuntime runtime, DecoderLayout layout) {
    if (!gated) {
      return StepRule.NONE;
    }
    List<GatePenalty.Gates> gates =
        layout.sites().stream()
            .filter(site -> adapts(site.module()))
            .map(LinearSite::module)
            .map(
                module ->
                    new GatePenalty.Gates(
                        module + ALPHA,
                        settings.structured() ? Optional.of(module + GROUP) : Optional.empty()))
            .toList();
    return new GatePenalty(runtime, settings.sparsityPenalty(), gates);
  }

  // ---- files ----

  @Override
  public AdapterMethod exporting(DecoderLayout layout, Function<String, float[]> values) {
    List<String> names =
        layout.sites().stream()
            .filter(site -> adapts(site.module()))
            .map(site -> site.module() + DIFF)
            .toList();
    // what was saved once has its elements chosen
    double fraction = gated ? settings.keepFraction() : 1;
    KeptDifferences chosen = KeptDifferences.of(names, name -> difference(name, values), fraction);
    return new DiffPruning(settings, gated, Optional.of(chosen));
  }

  /** z ∘ D without noise. */
  private float[] difference(String name, Function<String, float[]> values) {
    float[] difference = values.apply(name).clone();
    if (!gated) {
      return difference;
    }
    String module = name.substring(0, name.length() - DIFF.length());
    float group = settings.structured() ? KeptDifferences.gate(values.apply(module + GROUP)[0]) : 1;
    return KeptDifferences.gated(difference, values.apply(module + ALPHA), group);
  }

  @Override
  public boolean exported(ParameterSpec parameter) {
    return parameter.name().endsWith(DIFF);
  }

  @Override
  public boolean sparse(ParameterSpec parameter) {
    return true;
  }

  @Override
  public Optional<SavedTensor> saved(ParameterSpec parameter, Function<String, float[]> values) {
    float[] all = difference(parameter.name(), values);
    kept.ifPresent(chosen -> chosen.cut(all));
    return Optional.of(new SavedTensor(parameter.shape(), all));
  }

  @Override
  public Optional<float[]> settled(ParameterSpec parameter, Function<String, float[]> values) {
    if (!exported(parameter)) {
      return Optional.empty();
    }
    float[] left = values.apply(parameter.name()).clone();
    float[] whole = saved(parameter, values).orElseThrow().values();
    for (int i = 0; i < left.length; i++) {
      left[i] = whole[i] == 0 ? 0 : left[i];
    }
    return Optional.of(left);
  }

  @Override
  public Map<String, Object> exportConfig(DecoderLayout layout, Function<String, float[]> values) {
    Map<String, Object> config = exportConfig();
    kept.ifPresent(
        chosen -> {
          config.put("elements", chosen.elements());
          config.put("kept_elements", chosen.kept());
        });
    return config;
  }
}
