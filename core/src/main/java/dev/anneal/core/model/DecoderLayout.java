package dev.anneal.core.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The weights of a decoder under their Hugging Face names, and its linear modules. Immutable. */
public final class DecoderLayout {
  private final DecoderConfig config;

  public DecoderLayout(DecoderConfig config) {
    this.config = config;
  }

  /** Every weight with its shape, embedding first and head last; a tied head is absent. */
  public Map<String, long[]> weights() {
    return WeightNames.of(config);
  }

  /** The linear modules of a layer, in the order of the forward. */
  public List<LinearSite> sites(int layer) {
    String prefix = WeightKeys.layerPrefix(layer);
    List<LinearSite> sites = new ArrayList<>();
    weights()
        .forEach(
            (name, shape) -> {
              if (name.startsWith(prefix) && name.endsWith("_proj.weight")) {
                String module = name.substring(0, name.length() - ".weight".length());
                sites.add(new LinearSite(module, layer, shape[1], shape[0]));
              }
            });
    return sites;
  }

  /** The linear modules of all layers. */
  public List<LinearSite> sites() {
    List<LinearSite> sites = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      sites.addAll(sites(i));
    }
    return sites;
  }

  /** All weights as trained parameters; norms and biases take no weight decay, as in HF Trainer. */
  public List<ParameterSpec> parameters() {
    Map<String, ParameterSpec> specs = new LinkedHashMap<>();
    weights()
        .forEach(
            (name, shape) ->
                specs.put(
                    name,
                    new ParameterSpec(
                        name, shape, !name.endsWith("norm.weight") && !name.endsWith(".bias"))));
    return List.copyOf(specs.values());
  }
}
