package dev.anneal.core.peft.modules;

import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.tensor.CounterRandom;
import java.util.Map;
import java.util.TreeMap;

/** The scalars that the programs of LoRA and its kin read of a site. Stateless. */
public final class LowRankConstants {
  private LowRankConstants() {}

  /** By their names in the layer. */
  public static Map<String, Double> of(LinearSite site, double scaling, double dropout) {
    Map<String, Double> constants = new TreeMap<>();
    constants.put(site.nameInLayer() + ".lora_scaling", scaling);
    if (dropout > 0) {
      constants.put(site.nameInLayer() + ".lora_dropout", dropout);
      // 52 bits: exact in fp64
      constants.put(
          site.nameInLayer() + ".lora_site_key",
          (double) (CounterRandom.of(0, site.module()).bits(0) >>> 12));
    }
    return constants;
  }
}
