package dev.anneal.core.peft;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.model.LinearSite;
import dev.anneal.core.model.ParameterSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * (IA)³ in its attention form (Liu et al., 2022, arXiv 2205.05638): y = l ⊙ (Wx + b). Trains out
 * values a module. l begins at one, so that a fresh adapter changes nothing. For few examples and
 * little memory.
 */
@PeftMethod(type = "IA3", factory = Ia3.Factory.class)
public final class Ia3 implements AdapterMethod {
  private static final String SCALE = ".ia3_l";

  /** Options that change the maths: neutral when false, null, or empty. */
  private static final Set<String> UNSUPPORTED =
      Set.of("exclude_modules", "fan_in_fan_out", "feedforward_modules", "modules_to_save");

  private final List<String> targetModules;
  private final TargetModules targets;

  /** IA3's settings and file. */
  static final class Factory implements AdapterFactory {
    @Override
    public AdapterMethod create(AdapterConfig config) {
      return new Ia3(config.targetModules());
    }

    @Override
    public SavedMethod read(AdapterJson json) {
      json.refuse(json.active(UNSUPPORTED));
      AdapterTargets targets = json.targetModules();
      return modulePaths -> new Ia3(targets.resolve(modulePaths));
    }

    @Override
    public Set<String> knownKeys() {
      Set<String> keys = new HashSet<>(UNSUPPORTED);
      keys.add("init_ia3_weights");
      return keys;
    }
  }

  private Ia3(List<String> targetModules) {
    this.targetModules = targetModules;
    this.targets = TargetModules.of(targetModules);
  }

  @Override
  public String summary() {
    return "on " + String.join(", ", targetModules);
  }

  @Override
  public String forwardSource() {
    return """
          def adapt(self: __torch__.Program, x: Tensor, y: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str) -> Tensor:
            name = site + ".ia3_l"
            if not torch.__contains__(w, name):
              return y
            return torch.mul(y, torch.view(w[name], [-1]))
        """;
  }

  @Override
  public Optional<String> effectiveSource() {
    return Optional.of(
        """
          # E = diag(l) W
          def effective_weight(self: __torch__.Program, w: Dict[str, Tensor], site: str) -> Tensor:
            weight = w[site + ".weight"]
            if not torch.__contains__(w, site + ".ia3_l"):
              return weight
            e = torch.view(torch.narrow(w["scratch"], 0, 0, torch.numel(weight)), torch.size(weight))
            return torch.mul(weight, w[site + ".ia3_l"], out=e)

          # dl = sum over rows of dy W x
          def effective_gradients(self: __torch__.Program, x: Tensor, dy: Tensor, w: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> None:
            name = site + ".ia3_l"
            if torch.__contains__(g, name):
              wx = self.product(x, w[site + ".weight"])
              g[name].add_(torch.sum(torch.t(wx.mul_(dy)), [1], True))

          # The program adds b; l b is wanted.
          def branch(self: __torch__.Program, x: Tensor, y: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str) -> Tensor:
            name = site + ".ia3_l"
            if torch.__contains__(w, name) and torch.__contains__(w, site + ".bias"):
              y.add_(torch.mul(w[site + ".bias"], torch.sub(torch.view(w[name], [-1]), 1)))
            return y

          def branch_backward(self: __torch__.Program, x: Tensor, dy: Tensor, dx: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> Tensor:
            name = site + ".ia3_l"
            if torch.__contains__(g, name) and torch.__contains__(w, site + ".bias"):
              g[name].add_(torch.unsqueeze(torch.mul(w[site + ".bias"], torch.sum(dy, [0])), 1))
            return dx
        """);
  }

  @Override
  public String mergeSource() {
    return """
          def merge(self: __torch__.Program, weight: Tensor, w: Dict[str, Tensor]) -> Tensor:
            return torch.mul(weight, w["ia3_l"])
        """;
  }

  @Override
  public Optional<String> mergeBiasSource() {
    return Optional.of(
        """
          def merge_bias(self: __torch__.Program, bias: Tensor, w: Dict[str, Tensor]) -> Tensor:
            return torch.mul(bias, torch.view(w["ia3_l"], [-1]))
        """);
  }

  @Override
  public List<ParameterSpec> parameters(LinearSite site) {
    if (!targets.matches(site.module())) {
      return List.of();
    }
    long[] shape = {site.outFeatures(), 1};
    return List.of(new ParameterSpec(site.module() + SCALE, shape, true));
  }

  @Override
  public Map<String, Double> constants(LinearSite site) {
    return Map.of();
  }

  @Override
  public boolean random() {
    return false;
  }

  @Override
  public InitialValue initialValue(ParameterSpec parameter, long seed) {
    return index -> 1f;
  }

  @Override
  public String exportName(ParameterSpec parameter) {
    return "base_model.model." + parameter.name();
  }

  @Override
  public Map<String, Object> exportConfig() {
    Map<String, Object> config = new TreeMap<>();
    config.put("fan_in_fan_out", false);
    config.put("feedforward_modules", List.of());
    config.put("init_ia3_weights", true);
    config.put("modules_to_save", null);
    config.put("target_modules", new ArrayList<>(targets.exported()));
    return config;
  }
}
