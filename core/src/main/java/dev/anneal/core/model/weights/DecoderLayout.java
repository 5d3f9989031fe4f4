package dev.anneal.core.model.weights;

import dev.anneal.core.format.Shape;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.config.WeightSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The weights of a decoder by name, and its linear modules. Immutable. */
public final class DecoderLayout {
  private final DecoderConfig config;
  private final Map<String, Shape> weights;

  public DecoderLayout(DecoderConfig config) {
    this.config = config;
    Map<String, Shape> shapes = new LinkedHashMap<>();
    for (WeightSpec weight : WeightNames.expected(config)) {
      shapes.put(weight.name(), weight.shape());
    }
    this.weights = Collections.unmodifiableMap(shapes);
  }

  /** The sizes behind it. */
  public DecoderConfig config() {
    return config;
  }

  /** Every weight with its shape, embedding first and head last; a tied head is absent. */
  public Map<String, Shape> weights() {
    return weights;
  }

  /** How many layers there are. */
  public int layers() {
    return config.layers();
  }

  /** The linear modules of a layer, in the order of the forward. */
  public List<LinearSite> sites(int layer) {
    return WeightNames.layerLinears(config, layer).stream()
        .map(linear -> new LinearSite(linear.path(), layer, linear.in(), linear.out()))
        .toList();
  }

  /** The linear modules of all layers. */
  public List<LinearSite> sites() {
    List<LinearSite> sites = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      sites.addAll(sites(i));
    }
    return sites;
  }

  /** The embedding, and the output matrix where it is not the same weight. */
  public List<LinearSite> ends() {
    long vocabulary = config.vocabSize();
    long hidden = config.hiddenSize();
    LinearSite bottom =
        new LinearSite(WeightNames.EMBED_TOKENS_PATH, LinearSite.OUTSIDE, vocabulary, hidden);
    return config.tieWordEmbeddings()
        ? List.of(bottom)
        : List.of(
            bottom,
            new LinearSite(WeightNames.LM_HEAD_PATH, LinearSite.OUTSIDE, hidden, vocabulary));
  }

  /** Elements of the largest weight among some linear modules; 0 for none. */
  public long largestSite(Predicate<LinearSite> chosen) {
    return sites().stream()
        .filter(chosen)
        .mapToLong(site -> site.inFeatures() * site.outFeatures())
        .max()
        .orElse(0);
  }

  /** All weights as trained parameters; norms and biases take no weight decay, as in HF Trainer. */
  public List<ParameterSpec> parameters() {
    List<ParameterSpec> specs = new ArrayList<>();
    weights.forEach((name, shape) -> specs.add(new ParameterSpec(name, shape, decays(name))));
    return specs;
  }

  private static boolean decays(String name) {
    return !name.endsWith("norm.weight") && !name.endsWith(".bias");
  }
}
