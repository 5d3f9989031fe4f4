package dev.anneal.core.peft;

import dev.anneal.core.format.Shape;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.tensor.CounterRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors that virtual tokens are made of, under PEFT's names, with torch's initial laws: an
 * embedding is normal, a linear module uniform in ±1/√in, an LSTM in ±1/√hidden. Built once, then
 * only read.
 */
final class PromptEncoder {
  private static final String PREFIX = "prompt_encoder.";
  private static final double NORMAL = 0;

  private final Map<String, ParameterSpec> parameters = new LinkedHashMap<>();
  private final Map<String, Double> bounds = new LinkedHashMap<>();
  private final List<String> lines = new ArrayList<>();

  /** One vector a virtual token, [count, width]. */
  PromptEncoder(int count, long width) {
    add("embedding.weight", Shape.of(count, width), NORMAL);
    lines.add("x = w[\"" + PREFIX + "embedding.weight\"]");
  }

  /** Two directions, layer upon layer: 2 · hidden wide. */
  PromptEncoder lstm(String name, long in, long hidden, int layers) {
    double bound = 1 / Math.sqrt(hidden);
    List<String> weights = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      long width = layer == 0 ? in : 2 * hidden;
      for (String direction : List.of("", "_reverse")) {
        String suffix = "_l" + layer + direction;
        weights.add(add(name + ".weight_ih" + suffix, Shape.of(4 * hidden, width), bound));
        weights.add(add(name + ".weight_hh" + suffix, Shape.of(4 * hidden, hidden), bound));
        weights.add(add(name + ".bias_ih" + suffix, Shape.of(4 * hidden), bound));
        weights.add(add(name + ".bias_hh" + suffix, Shape.of(4 * hidden), bound));
      }
    }
    lines.add("state = torch.zeros([%d, 1, %d], dtype=6)".formatted(2 * layers, hidden));
    lines.add(
        ("y, h, c, = torch.lstm(torch.unsqueeze(x, 0), [state, state], [%s], True, %d, 0., False,"
                + " True, True)")
            .formatted(String.join(", ", weights), layers));
    lines.add("x = torch.squeeze(y, 0)");
    return this;
  }

  PromptEncoder linear(String name, long in, long out) {
    double bound = 1 / Math.sqrt(in);
    String weight = add(name + ".weight", Shape.of(out, in), bound);
    String bias = add(name + ".bias", Shape.of(out), bound);
    lines.add("x = torch.linear(x, " + weight + ", " + bias + ")");
    return this;
  }

  PromptEncoder relu() {
    lines.add("x = torch.relu(x)");
    return this;
  }

  PromptEncoder tanh() {
    lines.add("x = torch.tanh(x)");
    return this;
  }

  /** Gives how the program's text reads the tensor. */
  private String add(String name, Shape shape, double bound) {
    // as HF Trainer: no decay of biases
    boolean decay = !name.contains("bias");
    parameters.put(PREFIX + name, new ParameterSpec(PREFIX + name, shape, decay));
    bounds.put(PREFIX + name, bound);
    return "w[\"" + PREFIX + name + "\"]";
  }

  List<ParameterSpec> parameters() {
    return List.copyOf(parameters.values());
  }

  /** See {@link dev.anneal.core.model.VirtualTokens#source}. */
  String virtualTokensSource() {
    return "  def virtual_tokens(self: __torch__.Program, w: Dict[str, Tensor]) -> Tensor:\n    "
        + String.join("\n    ", lines)
        + "\n    return x\n";
  }

  AdapterMethod.InitialValue initialValue(ParameterSpec parameter, long seed) {
    double bound = bounds.get(parameter.name());
    CounterRandom random = CounterRandom.of(seed, parameter.name());
    return bound == NORMAL
        ? index -> (float) random.gaussian(index)
        : index -> (float) ((2 * random.uniform(index) - 1) * bound);
  }
}
