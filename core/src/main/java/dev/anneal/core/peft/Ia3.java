package dev.anneal.core.peft;

import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.format.Shape;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.modules.AdaptedModules;
import dev.anneal.core.peft.modules.Bias;
import dev.anneal.core.peft.modules.ModuleNames;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * (IA)³ (Liu et al., 2022, arXiv 2205.05638): a learned factor for each output of a module, y = l ∘
 * (Wx + b), or for each input of a feed-forward module, y = W(l ∘ x) + b. Trains out or in values a
 * module, all 1 at first. The fewest values of all methods; it wants a high learning rate, about 30
 * times LoRA's.
 */
@PeftMethod(
    type = "IA3",
    settings = Ia3.Settings.class,
    required = {"target_modules", "feedforward_modules"},
    withoutEffect = {"init_ia3_weights"},
    unsupported = {"fan_in_fan_out"})
public final class Ia3 implements ModuleMethod {
  private static final String L = ".ia3_l";
  private static final String FEED_FORWARD = ".ia3_feedforward";

  private final Settings settings;
  private final AdaptedModules modules;

  /** PEFT's IA3Config, as far as it is supported. */
  @ElementDefaults(
      """
      target_modules = [k_proj, v_proj, down_proj], feedforward_modules = [down_proj]
      exclude_modules = "", modules_to_save = []
      """)
  public record Settings(
      ModuleNames targetModules,
      ModuleNames feedforwardModules,
      ModuleNames excludeModules,
      List<String> modulesToSave) {}

  public Ia3(Settings settings) {
    this.settings = settings;
    this.modules =
        AdaptedModules.of(
            settings.targetModules(),
            settings.excludeModules(),
            List.of(),
            List.of(),
            Bias.NONE,
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
  def adapt(self: __torch__.Program, x: Tensor, y: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str) -> Tensor:
    if torch.__contains__(w, site + ".ia3_l") and not torch.__contains__(w, site + ".ia3_feedforward"):
      return torch.mul(y, self.like(torch.t(w[site + ".ia3_l"]), y))
    return y
""";
  }

  @Override
  public String inputSource() {
    return """
  def adapts_input(self: __torch__.Program, w: Dict[str, Tensor], site: str) -> bool:
    return torch.__contains__(w, site + ".ia3_feedforward")

  def adapted_input(self: __torch__.Program, x: Tensor, w: Dict[str, Tensor], site: str) -> Tensor:
    if self.adapts_input(w, site):
      return torch.mul(x, self.like(w[site + ".ia3_l"], x))
    return x

  def input_backward(self: __torch__.Program, x: Tensor, dx: Tensor, w: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> Tensor:
    if not self.adapts_input(w, site):
      return dx
    l = site + ".ia3_l"
    g[l].add_(torch.sum(torch.mul(dx, x), [0], True))
    return dx.mul_(w[l])
""";
  }

  @Override
  public Optional<String> effectiveSource() {
    return Optional.of(
        """
  def scales_output(self: __torch__.Program, w: Dict[str, Tensor], site: str) -> bool:
    return torch.__contains__(w, site + ".ia3_l") and not self.adapts_input(w, site)

  # diag(l) W
  def effective_weight(self: __torch__.Program, w: Dict[str, Tensor], site: str) -> Tensor:
    if self.scales_output(w, site):
      return self.base_copy(w, site).mul_(w[site + ".ia3_l"])
    return self.base_weight(w, site)

  # dl = sum over rows of dy (W x + b), which is not kept
  def effective_gradients(self: __torch__.Program, x: Tensor, dy: Tensor, w: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> None:
    if self.scales_output(w, site):
      y = self.product(x, self.base_weight(w, site))
      if torch.__contains__(w, site + ".bias"):
        y.add_(w[site + ".bias"])
      g[site + ".ia3_l"].add_(torch.unsqueeze(torch.sum(y.mul_(dy), [0]), 1))

  # E x + b -> E x + l b
  def branch(self: __torch__.Program, x: Tensor, y: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str) -> Tensor:
    bias = site + ".bias"
    if self.scales_output(w, site) and torch.__contains__(w, bias):
      y.add_(torch.mul(w[bias], torch.sub(torch.squeeze(w[site + ".ia3_l"], 1), 1.)))
    return y

  def branch_backward(self: __torch__.Program, x: Tensor, dy: Tensor, dx: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> Tensor:
    return dx
""");
  }

  @Override
  public Optional<String> mergeSource() {
    return Optional.of(
        """
  def merge(self: __torch__.Program, weight: Tensor, w: Dict[str, Tensor]) -> Tensor:
    return torch.mul(weight, w["ia3_l"])
""");
  }

  @Override
  public Optional<String> mergeBiasSource() {
    return Optional.of(
        """
  def merge_bias(self: __torch__.Program, bias: Tensor, w: Dict[str, Tensor]) -> Tensor:
    if torch.__contains__(w, "ia3_feedforward"):
      return bias
    return torch.mul(bias, torch.squeeze(w["ia3_l"], 1))
""");
  }

  private boolean feedForward(LinearSite site) {
    return settings.feedforwardModules().matches(site.module());
  }

  @Override
  public List<ParameterSpec> parameters(LinearSite site) {
    if (!adapts(site.module())) {
      return List.of();
    }
    Shape shape =
        feedForward(site) ? Shape.of(1, site.inFeatures()) : Shape.of(site.outFeatures(), 1);
    return List.of(new ParameterSpec(site.module() + L, shape, true));
  }

  @Override
  public Map<String, Double> constants(LinearSite site) {
    return adapts(site.module()) && feedForward(site)
        ? Map.of(site.nameInLayer() + FEED_FORWARD, 1.0)
        : Map.of();
  }

  @Override
  public InitialValue initialValue(ParameterSpec parameter, long seed) {
    return index -> 1f;
  }

  @Override
  public String summary() {
    return "on " + settings.targetModules() + ", inputs of " + settings.feedforwardModules();
  }

  @Override
  public Map<String, Object> exportConfig() {
    Map<String, Object> config = new TreeMap<>(ModuleMethod.super.exportConfig());
    config.put("fan_in_fan_out", false);
    config.put("init_ia3_weights", true);
    return config;
  }
}
