package dev.anneal.core.peft;

import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.config.Rule;
import dev.anneal.core.format.Shape;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.modules.AdaptedModules;
import dev.anneal.core.peft.modules.Bias;
import dev.anneal.core.peft.modules.LowRankConstants;
import dev.anneal.core.peft.modules.ModuleNames;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.CounterRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * VeRA (Kopiczko et al., 2023, arXiv 2310.11454): y = Wx + b ∘ B(d ∘ A(dropout(x))) with random A
 * and B that all modules share, each its first columns or rows, and never change. Trains out + r
 * values a module; b begins at 0, d at {@code d_initial}. For many adapters in little space: r is
 * large and the learning rate 10 to 100 times LoRA's.
 */
@PeftMethod(
    type = "VERA",
    settings = Vera.Settings.class,
    required = {"r", "target_modules"},
    withoutEffect = {"init_weights"},
    unsupported = {"fan_in_fan_out"})
public final class Vera implements ModuleMethod {
  private static final String LAMBDA_B = ".vera_lambda_b";
  private static final String LAMBDA_D = ".vera_lambda_d";
  private static final String SHARED_A = "vera_A";
  private static final String SHARED_B = "vera_B";

  private final Settings settings;
  private final AdaptedModules modules;

  /**
   * PEFT's VeraConfig, as far as it is supported.
   *
   * @param projectionPrngKey seed of A and B; the numbers are not torch's
   * @param saveProjection must be true, so that any reader has the same A and B
   */
  @ElementDefaults(
      """
      r = 256, vera_dropout = 0.0, d_initial = 0.1, projection_prng_key = 0
      save_projection = true, target_modules = all-linear, exclude_modules = ""
      layers_to_transform = [], layers_pattern = [], bias = none, modules_to_save = []
      """)
  public record Settings(
      int r,
      double veraDropout,
      double dInitial,
      long projectionPrngKey,
      boolean saveProjection,
      ModuleNames targetModules,
      ModuleNames excludeModules,
      List<Integer> layersToTransform,
      List<String> layersPattern,
      Bias bias,
      List<String> modulesToSave) {
    public Settings {
      Rule.positive("adapter.r", r);
      Rule.below("adapter.vera_dropout", veraDropout, 0, 1);
      Rule.check(
          saveProjection,
          "adapter.save_projection",
          "false",
          "must be true: A and B are not drawn as torch draws them");
      Rule.check(bias != Bias.LORA_ONLY, "adapter.bias", "lora_only", "must be none or all");
    }
  }

  public Vera(Settings settings) {
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
    return """
  # d A of a site [r, in], and b B [out, r]
  def vera_down(self: __torch__.Program, w: Dict[str, Tensor], site: str, columns: int) -> Tensor:
    return torch.mul(torch.narrow(w["vera_A"], 1, 0, columns), torch.unsqueeze(w[site + ".vera_lambda_d"], 1))

  def vera_up(self: __torch__.Program, w: Dict[str, Tensor], site: str) -> Tensor:
    b = w[site + ".vera_lambda_b"]
    return torch.mul(torch.narrow(w["vera_B"], 0, 0, torch.size(b, 0)), torch.unsqueeze(b, 1))

  def adapt(self: __torch__.Program, x: Tensor, y: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str) -> Tensor:
    if not torch.__contains__(w, site + ".vera_lambda_b"):
      return y
    dropped = self.dropped(x, w, c, site)
    low = torch.linear(dropped, self.like(self.vera_down(w, site, torch.size(x, 1)), dropped))
    return torch.add(y, torch.linear(low, self.like(self.vera_up(w, site), low)))

"""
        + Program.source(Lora.class, "dropout.torchscript");
  }

  @Override
  public Optional<String> effectiveSource() {
    return Optional.of(
        """
  # Without dropout E = W + (b B) (d A); with it E = W and the update is a branch.
  def folds(self: __torch__.Program, w: Dict[str, Tensor], site: str) -> bool:
    return torch.__contains__(w, site + ".vera_lambda_b") and not torch.__contains__(w, site + ".lora_dropout")

  def effective_weight(self: __torch__.Program, w: Dict[str, Tensor], site: str) -> Tensor:
    if not self.folds(w, site):
      return self.base_weight(w, site)
    e = self.base_copy(w, site)
    return e.addmm_(self.vera_up(w, site), self.vera_down(w, site, torch.size(e, 1)), beta=1, alpha=1)

  def effective_gradients(self: __torch__.Program, x: Tensor, dy: Tensor, w: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> None:
    if self.folds(w, site):
      self.vera_gradients(x, dy, w, site, g)

  # With M = dyT (x AT) [out, r]: dd = sum over out of b B M, db = sum over r of d B M. M spares the
  # two products over all rows, dy (b B) and (d x AT) BT.
  def vera_gradients(self: __torch__.Program, x: Tensor, dy: Tensor, w: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> None:
    low = self.product(x, torch.contiguous(torch.narrow(w["vera_A"], 1, 0, torch.size(x, 1))))
    m = self.product(torch.t(dy), torch.t(low)).mul_(torch.narrow(w["vera_B"], 0, 0, torch.size(dy, 1)))
    g[site + ".vera_lambda_d"].add_(torch.mv(torch.t(m), w[site + ".vera_lambda_b"]))
    g[site + ".vera_lambda_b"].add_(torch.mv(m, w[site + ".vera_lambda_d"]))

  def branch(self: __torch__.Program, x: Tensor, y: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str) -> Tensor:
    if torch.__contains__(w, site + ".lora_dropout"):
      return self.adapt(x, y, w, c, site)
    return y

  def branch_backward(self: __torch__.Program, x: Tensor, dy: Tensor, dx: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> Tensor:
    if not torch.__contains__(w, site + ".lora_dropout"):
      return dx
    self.vera_gradients(self.dropped(x, w, c, site), dy, w, site, g)
    u = self.product(dy, torch.t(self.vera_up(w, site)))
    d = self.product(u, torch.t(self.vera_down(w, site, torch.size(x, 1))))
    return dx.add_(self.dropped(d, w, c, site))
""");
  }

  @Override
  public Optional<String> mergeSource() {
    return Optional.of(
        """
  def merge(self: __torch__.Program, weight: Tensor, w: Dict[str, Tensor]) -> Tensor:
    up = torch.mul(torch.narrow(w["vera_B"], 0, 0, torch.size(weight, 0)), torch.unsqueeze(w["vera_lambda_b"], 1))
    down = torch.mul(torch.narrow(w["vera_A"], 1, 0, torch.size(weight, 1)), torch.unsqueeze(w["vera_lambda_d"], 1))
    return torch.addmm(weight, up, down, beta=1, alpha=1)
""");
  }

  @Override
  public List<ParameterSpec> parameters(LinearSite site) {
    if (!adapts(site.module())) {
      return List.of();
    }
    return List.of(
        new ParameterSpec(site.module() + LAMBDA_B, Shape.of(site.outFeatures()), true),
        new ParameterSpec(site.module() + LAMBDA_D, Shape.of(settings.r()), true));
  }

  @Override
  public List<ParameterSpec> sharedBuffers(DecoderLayout layout) {
    long inputs = largest(layout, LinearSite::inFeatures);
    long outputs = largest(layout, LinearSite::outFeatures);
    return inputs == 0
        ? List.of()
        : List.of(
            new ParameterSpec(SHARED_A, Shape.of(settings.r(), inputs), false),
            new ParameterSpec(SHARED_B, Shape.of(outputs, settings.r()), false));
  }

  private long largest(DecoderLayout layout, ToLongFunction<LinearSite> side) {
    return layout.sites().stream()
        .filter(site -> adapts(site.module()))
        .mapToLong(side)
        .max()
        .orElse(0);
  }

  @Override
  public Map<String, Double> constants(LinearSite site) {
    return adapts(site.module()) ? LowRankConstants.of(site, 1, settings.veraDropout()) : Map.of();
  }

  @Override
  public boolean random() {
    return settings.veraDropout() > 0;
  }

  /** A and B uniform in ±√(6 ÷ inputs), as Kaiming's law has it for ReLU and PEFT takes it. */
  @Override
  public InitialValue initialValue(ParameterSpec parameter, long seed) {
    if (parameter.shape().dimensions().size() == 1) {
      float value = parameter.name().endsWith(LAMBDA_D) ? (float) settings.dInitial() : 0f;
      return index -> value;
    }
    double bound = Math.sqrt(6.0 / parameter.shape().dimensions().get(1));
    CounterRandom random = CounterRandom.of(settings.projectionPrngKey(), parameter.name());
    return index -> (float) ((2 * random.uniform(index) - 1) * bound);
  }

  @Override
  public String exportName(ParameterSpec parameter) {
    return parameter.name().indexOf('.') < 0
        ? "base_model." + parameter.name()
        : ModuleMethod.super.exportName(parameter);
  }

  @Override
  public String summary() {
    return "r " + settings.r() + ", on " + settings.targetModules();
  }

  @Override
  public Map<String, Object> exportConfig() {
    Map<String, Object> config = ModuleMethod.super.exportConfig();
    config.put("fan_in_fan_out", false);
    config.put("init_weights", true);
    return config;
  }
}
