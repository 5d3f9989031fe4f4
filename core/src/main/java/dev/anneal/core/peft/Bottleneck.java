package dev.anneal.core.peft;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.config.Rule;
import dev.anneal.core.format.Shape;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.tensor.CounterRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Bottleneck adapters: s (U f(Dx + a) + b) is added to what a block gives, before the residual. x
 * is the output of attention and of the feed-forward (Houlsby et al., 2019, arXiv 1902.00751), of
 * the feed-forward alone (Pfeiffer et al., 2020, arXiv 2005.00247), or what the feed-forward reads
 * (He et al., 2021, arXiv 2110.04366). Trains (2 · size + 1) · hidden + size values a place; U and
 * b begin at 0, so that the model begins as it was. f is not linear: it cannot be merged, and costs
 * two thin products a place at inference. PEFT has no such method.
 */
@PeftMethod(
    type = "BOTTLENECK",
    settings = Bottleneck.Settings.class,
    own = true,
    required = "placement")
public final class Bottleneck implements AdapterMethod {
  private static final String ATTENTION = "self_attn";
  private static final String FEED_FORWARD = "mlp";
  private static final String DOWN = ".adapter_down";
  private static final String UP = ".adapter_up";

  private final Settings settings;

  /** Where adapters stand. */
  enum Placement {
    HOULSBY(List.of(ATTENTION, FEED_FORWARD)),
    PFEIFFER(List.of(FEED_FORWARD)),
    PARALLEL(List.of(FEED_FORWARD));

    private final List<String> blocks;

    Placement(List<String> blocks) {
      this.blocks = blocks;
    }
  }

  /** f of z, and the gradient of z from d, that of a = f(z). */
  enum NonLinearity {
    RELU("torch.relu(z)", "torch.threshold_backward(d, z, 0)"),
    GELU("torch.gelu(z)", "torch.gelu_backward(d, z)"),
    SILU("torch.silu(z)", "torch.silu_backward(d, z)"),
    TANH("torch.tanh(z)", "torch.tanh_backward(d, a)");

    private final String forward;
    private final String backward;

    NonLinearity(String forward, String backward) {
      this.forward = forward;
      this.backward = backward;
    }
  }

  /**
   * @param placement houlsby, pfeiffer or parallel
   * @param bottleneckSize columns of D x
   * @param nonLinearity relu, gelu, silu or tanh
   * @param scaling s
   * @param layersToTransform indices of the only layers with adapters; nothing for all
   */
  @ElementDefaults(
      """
      placement = pfeiffer, bottleneck_size = 64, non_linearity = relu, scaling = 1.0
      layers_to_transform = []
      """)
  public record Settings(
      Placement placement,
      int bottleneckSize,
      NonLinearity nonLinearity,
      double scaling,
      List<Integer> layersToTransform) {
    public Settings {
      Rule.positive("adapter.bottleneck_size", bottleneckSize);
      Rule.positive("adapter.scaling", scaling);
      layersToTransform = List.copyOf(layersToTransform);
      Rule.check(
          Set.copyOf(layersToTransform).size() == layersToTransform.size(),
          "adapter.layers_to_transform",
          layersToTransform.toString(),
          "names a layer twice");
    }
  }

  public Bottleneck(Settings settings) {
    this.settings = settings;
  }

  @Override
  public Record settings() {
    return settings;
  }

  @Override
  public String summary() {
    return settings.placement() + ", size " + settings.bottleneckSize();
  }

  @Override
  public void requireFresh(DecoderLayout layout) {
    for (int layer : settings.layersToTransform()) {
      if (layer < 0 || layer >= layout.layers()) {
        throw new ConfigException(
            "Invalid adapter.layers_to_transform: "
                + layer
                + " (the model has "
                + layout.layers()
                + " layers)");
      }
    }
  }

  @Override
  public List<ParameterSpec> blockParameters(DecoderLayout layout, int layer) {
    if (!settings.layersToTransform().isEmpty() && !settings.layersToTransform().contains(layer)) {
      return List.of();
    }
    long hidden = layout.config().hiddenSize();
    long size = settings.bottleneckSize();
    List<ParameterSpec> specs = new ArrayList<>();
    for (String block : settings.placement().blocks) {
      String path = WeightNames.layer(layer, block);
      specs.add(new ParameterSpec(path + DOWN + ".weight", Shape.of(size, hidden), true));
      specs.add(new ParameterSpec(path + DOWN + ".bias", Shape.of(size), false));
      specs.add(new ParameterSpec(path + UP + ".weight", Shape.of(hidden, size), true));
      specs.add(new ParameterSpec(path + UP + ".bias", Shape.of(hidden), false));
    }
    return specs;
  }

  /** torch's law for a linear module down, nothing up. */
  @Override
  public InitialValue initialValue(ParameterSpec parameter, long seed, DecoderConfig model) {
    if (parameter.name().contains(UP)) {
      return index -> 0f;
    }
    double bound = 1 / Math.sqrt(model.hiddenSize());
    CounterRandom random = CounterRandom.of(seed, parameter.name());
    return index -> (float) ((2 * random.uniform(index) - 1) * bound);
  }

  @Override
  public int blockOutputsKept() {
    return settings.placement() == Placement.PARALLEL ? 0 : settings.placement().blocks.size();
  }

  @Override
  public String blockSource() {
    return """
  def adapts_block(self: __torch__.Program, w: Dict[str, Tensor], block: str) -> bool:
    return torch.__contains__(w, block + ".adapter_down.weight")

  def beside_block(self: __torch__.Program, w: Dict[str, Tensor], block: str) -> bool:
    return ${beside}

  def bottleneck(self: __torch__.Program, x: Tensor, w: Dict[str, Tensor], block: str) -> Tensor:
    return self.map_rows(x, w[block + ".adapter_down.weight"], w[block + ".adapter_down.bias"])

  def block_branch(self: __torch__.Program, x: Tensor, w: Dict[str, Tensor], block: str) -> Tensor:
    z = self.bottleneck(x, w, block)
    up = self.map_rows(${forward}, w[block + ".adapter_up.weight"], w[block + ".adapter_up.bias"])
    return torch.mul(up, ${scaling})

  # dy' = s dy, a = f(z): dU = dy'T a, db = sum of dy', dz = f'(z) dy' U, dD = dzT x, dx = dz D
  def block_branch_backward(self: __torch__.Program, x: Tensor, dy: Tensor, w: Dict[str, Tensor], block: str, g: Dict[str, Tensor]) -> Tensor:
    down = block + ".adapter_down"
    up = block + ".adapter_up"
    z = self.bottleneck(x, w, block)
    a = ${forward}
    dy1 = torch.mul(dy, ${scaling})
    g[up + ".weight"].add_(torch.t(self.product(torch.t(a), torch.t(dy1))))
    g[up + ".bias"].add_(torch.sum(dy1, [0]))
    d = self.product(dy1, torch.t(w[up + ".weight"]))
    dz = ${backward}
    self.add_product(g[down + ".weight"], torch.t(dz), torch.t(x))
    g[down + ".bias"].add_(torch.sum(dz, [0]))
    return self.product(dz, torch.t(w[down + ".weight"]))
"""
        .replace("${beside}", settings.placement() == Placement.PARALLEL ? "True" : "False")
        .replace("${forward}", settings.nonLinearity().forward)
        .replace("${backward}", settings.nonLinearity().backward)
        .replace("${scaling}", Double.toString(settings.scaling()));
  }

  @Override
  public Optional<String> unmergeable(DecoderLayout layout) {
    return Optional.of("its bottlenecks are not linear, so no weights are equal to them");
  }
}
