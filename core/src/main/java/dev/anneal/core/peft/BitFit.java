package dev.anneal.core.peft;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.peft.modules.Bias;
import java.util.List;

/**
 * BitFit (Ben Zaken et al., 2022, arXiv 2106.10199): the biases of the model are trained and
 * nothing else. Only families with biases can: Qwen2 has them on q, k and v. A run leaves a model.
 */
@PeftMethod(type = "BITFIT", settings = BitFit.Settings.class)
public final class BitFit implements AdapterMethod {
  private final Settings settings;

  /** There are none. */
  @ElementDefaults("")
  public record Settings() {}

  public BitFit(Settings settings) {
    this.settings = settings;
  }

  @Override
  public Record settings() {
    return settings;
  }

  @Override
  public Product product() {
    return Product.MODEL;
  }

  @Override
  public List<String> trainedWeights(DecoderLayout layout) {
    return Bias.ALL.weights(layout, module -> true);
  }

  @Override
  public void requireFresh(DecoderLayout layout) {
    if (trainedWeights(layout).isEmpty()) {
      throw new ConfigException(
          "Invalid adapter.peft_type: BITFIT (the model has no biases; Qwen2's has)");
    }
  }

  @Override
  public String summary() {
    return "all biases";
  }
}
