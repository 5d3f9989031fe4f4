package dev.anneal.core.peft;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.config.Rule;
import dev.anneal.core.format.Shape;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.modules.AdaptedModules;
import dev.anneal.core.peft.modules.Bias;
import dev.anneal.core.peft.modules.ModuleNames;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Orthogonal fine-tuning (Qiu et al., 2023, arXiv 2306.07280; with inputs rotated instead of
 * weights, Qiu et al., 2025, arXiv 2506.19847): blocks of b inputs of a module are rotated, y =
 * W·Rx + b, R = (1 − Q)(1 + Q)⁻¹ of a skew-symmetric Q, or the first terms of its series. Trains
 * in·(b − 1) ÷ 2 values a module, all 0 at first. Keeps the angles between the rows of W.
 */
@PeftMethod(
    type = "OFT",
    settings = Oft.Settings.class,
    required = {"r", "oft_block_size", "target_modules"},
    withoutEffect = {"eps", "init_weights"},
    unsupported = {"block_share", "coft", "fan_in_fan_out"})
public final class Oft implements ModuleMethod {
  private static final String R = ".oft_R.weight";
  private static final String BLOCK = ".oft_block";
  private static final String TERMS = ".oft_terms";

  /** Skew blocks, rotations, and their gradients; by last names, so that merging has them too. */
  private static final String ROTATIONS =
      """
  def triangle(self: __torch__.Program, v: Tensor, b: int) -> Tensor:
    places = torch.triu_indices(b, b, 1, dtype=4, device=ops.prim.device(v))
    return torch.add(torch.mul(places[0], b), places[1])

  # [n, b (b - 1) / 2] -> [n, b, b]
  def skew(self: __torch__.Program, v: Tensor, b: int) -> Tensor:
    n = torch.size(v, 0)
    m = torch.index_copy(torch.zeros([n, b * b], dtype=6, device=ops.prim.device(v)), 1, self.triangle(v, b), v)
    q = torch.reshape(m, [n, b, b])
    return torch.sub(q, torch.transpose(q, 1, 2))

  # 1 + 2 Q + 2 Q^2 + ... + Q^last, or the whole series where last is 0.
  def rotation(self: __torch__.Program, q: Tensor, last: int) -> Tensor:
    one = torch.eye(torch.size(q, 1), dtype=6, device=ops.prim.device(q))
    if last == 0:
      return torch.linalg_solve(torch.add(one, q), torch.sub(one, q), left=False)
    sum = torch.expand_as(one, q)
    power = q
    for i in range(1, last + 1):
      if i > 1:
        power = torch.bmm(power, q)
      if i < last or last == 1:
        sum = torch.add(sum, power, alpha=2)
      else:
        sum = torch.add(sum, power)
    return sum

  # x [N, n b] with each block times its rotation [n, b, b].
  def rotated(self: __torch__.Program, x: Tensor, r: Tensor) -> Tensor:
    blocks = torch.transpose(torch.reshape(x, [torch.size(x, 0), torch.size(r, 0), torch.size(r, 1)]), 0, 1)
    return torch.reshape(torch.transpose(torch.bmm(blocks, torch.to(r, ops.prim.dtype(x))), 0, 1), torch.size(x))
""";

  private final Settings settings;
  private final AdaptedModules modules;

  /**
   * PEFT's OFTConfig, as far as it is supported.
   *
   * @param r blocks of a module; 0 where {@code oftBlockSize} says how large they are
   */
  @ElementDefaults(
      """
      r = 0, oft_block_size = 32, module_dropout = 0.0, use_cayley_neumann = true
      num_cayley_neumann_terms = 5, target_modules = all-linear, exclude_modules = ""
      layers_to_transform = [], layers_pattern = [], bias = none, modules_to_save = []
      """)
  public record Settings(
      int r,
      int oftBlockSize,
      double moduleDropout,
      boolean useCayleyNeumann,
      int numCayleyNeumannTerms,
      ModuleNames targetModules,
      ModuleNames excludeModules,
      List<Integer> layersToTransform,
      List<String> layersPattern,
      Bias bias,
      List<String> modulesToSave) {
    public Settings {
      Rule.notNegative("adapter.r", r);
      Rule.notNegative("adapter.oft_block_size", oftBlockSize);
      Rule.check(
          (r == 0) != (oftBlockSize == 0),
          "adapter.r",
          r,
          "one of it and adapter.oft_block_size, now " + oftBlockSize + ", must be 0");
      Rule.check(oftBlockSize != 1, "adapter.oft_block_size", 1, "must be >= 2");
      Rule.check(moduleDropout == 0, "adapter.module_dropout", moduleDropout, "only 0 is there");
      Rule.check(bias != Bias.LORA_ONLY, "adapter.bias", "lora_only", "must be none or all");
      Rule.between("adapter.num_cayley_neumann_terms", numCayleyNeumannTerms, 2, 100);
    }

    /** The highest power of the series, as PEFT cuts it; 0 for all. */
    int lastPower() {
      if (!useCayleyNeumann) {
        return 0;
      }
      return numCayleyNeumannTerms == 2 ? 1 : Math.max(3, numCayleyNeumannTerms - 1);
    }
  }

  public Oft(Settings settings) {
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
  public String inputSource() {
    return ROTATIONS
        + """

  def adapts_input(self: __torch__.Program, w: Dict[str, Tensor], site: str) -> bool:
    return torch.__contains__(w, site + ".oft_R.weight")

  def adapted_input(self: __torch__.Program, x: Tensor, w: Dict[str, Tensor], site: str) -> Tensor:
    if not self.adapts_input(w, site):
      return x
    q = self.skew(w[site + ".oft_R.weight"], int(w[site + ".oft_block"]))
    return self.rotated(x, self.rotation(q, int(w[site + ".oft_terms"])))

  # dR = xT dx by block; of the series dQ by its powers, of the whole S = (1 + Q)^-1 = (R + 1) / 2:
  # dQ = -2 ST dR ST.
  def rotation_gradient(self: __torch__.Program, q: Tensor, r: Tensor, dr: Tensor, last: int) -> Tensor:
    if last == 0:
      s = torch.transpose(torch.div(torch.add(r, torch.eye(torch.size(q, 1), dtype=6, device=ops.prim.device(q))), 2.), 1, 2)
      return torch.mul(torch.bmm(torch.bmm(s, dr), s), -2.)
    powers = [q]
    for i in range(1, last):
      powers.append(torch.bmm(powers[i - 1], q))
    back = torch.transpose(q, 1, 2)
    dp = dr
    if last == 1:
      dp = torch.mul(dr, 2.)
    dq = torch.zeros_like(q)
    for k in range(1, last):
      i = last - k
      dq = torch.add(dq, torch.bmm(torch.transpose(powers[i - 1], 1, 2), dp))
      dp = torch.add(torch.bmm(dp, back), dr, alpha=2)
    return torch.add(dq, dp)

  def input_backward(self: __torch__.Program, x: Tensor, dx: Tensor, w: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> Tensor:
    if not self.adapts_input(w, site):
      return dx
    name = site + ".oft_R.weight"
    b = int(w[site + ".oft_block"])
    last = int(w[site + ".oft_terms"])
    q = self.skew(w[name], b)
    r = self.rotation(q, last)
    shape = [torch.size(x, 0), torch.size(r, 0), b]
    before = torch.permute(torch.reshape(x, shape), [1, 2, 0])
    after = torch.transpose(torch.reshape(dx, shape), 0, 1)
    dq = self.rotation_gradient(q, r, torch.to(torch.bmm(before, after), 6), last)
    dm = torch.reshape(torch.sub(dq, torch.transpose(dq, 1, 2)), [torch.size(r, 0), b * b])
    g[name].add_(torch.index_select(dm, 1, self.triangle(dm, b)))
    return self.rotated(dx, torch.transpose(r, 1, 2))
""";
  }

  @Override
  public Optional<String> mergeSource() {
    return Optional.of(
        ROTATIONS
            + """

  def merge(self: __torch__.Program, weight: Tensor, w: Dict[str, Tensor]) -> Tensor:
    q = self.skew(w["oft_R.weight"], int(w["oft_block"]))
    return self.rotated(weight, torch.transpose(self.rotation(q, int(w["oft_terms"])), 1, 2))
""");
  }

  /** Inputs of a block; PEFT takes the nearest size that divides a module's inputs. */
  private long block(LinearSite site) {
    long inputs = site.inFeatures();
    return settings.oftBlockSize() > 0
        ? nearestDivisor(inputs, settings.oftBlockSize())
        : inputs / nearestDivisor(inputs, settings.r());
  }

  private static long nearestDivisor(long inputs, long wanted) {
    if (wanted >= inputs) {
      return inputs;
    }
    long above = wanted;
    while (inputs % above != 0) {
      above++;
    }
    long below = wanted;
    while (inputs % below != 0) {
      below--;
    }
    return wanted - below <= above - wanted ? below : above;
  }

  @Override
  public void requireFresh(DecoderLayout layout) {
    ModuleMethod.super.requireFresh(layout);
    boolean bySize = settings.oftBlockSize() > 0;
    long wanted = bySize ? settings.oftBlockSize() : settings.r();
    for (LinearSite site : layout.sites()) {
      if (adapts(site.module()) && (site.inFeatures() % wanted != 0 || block(site) < 2)) {
        throw new ConfigException(
            "Invalid adapter."
                + (bySize ? "oft_block_size: " : "r: ")
                + wanted
                + " (must divide "
                + site.inFeatures()
                + ", the inputs of "
                + site.module()
                + ", into blocks of at least 2)");
      }
    }
  }

  @Override
  public List<ParameterSpec> parameters(LinearSite site) {
    if (!adapts(site.module())) {
      return List.of();
    }
    long block = block(site);
    Shape shape = Shape.of(site.inFeatures() / block, block * (block - 1) / 2);
    return List.of(new ParameterSpec(site.module() + R, shape, true));
  }

  @Override
  public Map<String, Double> constants(LinearSite site) {
    return adapts(site.module())
        ? Map.of(
            site.nameInLayer() + BLOCK, (double) block(site),
            site.nameInLayer() + TERMS, (double) settings.lastPower())
        : Map.of();
  }

  @Override
  public InitialValue initialValue(ParameterSpec parameter, long seed) {
    return index -> 0f;
  }

  @Override
  public String summary() {
    String size =
        settings.r() > 0 ? settings.r() + " blocks" : "blocks of " + settings.oftBlockSize();
    return size + ", on " + settings.targetModules();
  }

  @Override
  public Map<String, Object> exportConfig() {
    Map<String, Object> config = ModuleMethod.super.exportConfig();
    config.put("block_share", false);
    config.put("coft", false);
    config.put("fan_in_fan_out", false);
    config.put("init_weights", true);
    return config;
  }
}
