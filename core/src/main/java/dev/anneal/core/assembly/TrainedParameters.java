package dev.anneal.core.assembly;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.gradients.GradientWalk;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.AdapterMethod;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Which tensors are trained, in the order of the flat buffer. Stateless. */
public final class TrainedParameters {
  private TrainedParameters() {}

  /**
   * What a method trains, or full tuning without one.
   *
   * @throws ConfigException where that is nothing
   */
  public static List<ParameterSpec> of(DecoderConfig config, Optional<AdapterMethod> method) {
    DecoderLayout layout = new DecoderLayout(AdapterMethod.config(config, method));
    if (method.isEmpty()) {
      return layout.parameters();
    }
    Set<String> whole = new HashSet<>(method.get().trainedWeights(layout));
    List<ParameterSpec> specs = new ArrayList<>(layout.parameters());
    specs.removeIf(spec -> !whole.contains(spec.name()));
    specs.replaceAll(method.get()::trained);
    for (LinearSite site : method.get().sites(layout)) {
      specs.addAll(method.get().parameters(site));
    }
    for (int i = 0; i < layout.layers(); i++) {
      specs.addAll(method.get().blockParameters(layout, i));
    }
    method.get().virtualTokens(config).ifPresent(tokens -> specs.addAll(tokens.parameters()));
    if (specs.isEmpty()) {
      throw new ConfigException(
          "Invalid adapter: nothing is trained (the settings of adapter.peft_type = "
              + method.get().peftType()
              + " match nothing of the model)");
    }
    return specs;
  }

  /**
   * The order in which a model's backward comes by them.
   *
   * @param config with what the method changes of it
   */
  public static GradientWalk walk(DecoderConfig config, List<ParameterSpec> specs) {
    List<List<String>> parts = new ArrayList<>();
    for (int part = 0; part <= GradientWalk.bottom(config.layers()); part++) {
      parts.add(new ArrayList<>());
    }
    for (ParameterSpec spec : specs) {
      partsOf(spec.name(), config).forEach(part -> parts.get(part).add(spec.name()));
    }
    return new GradientWalk(parts);
  }

  private static List<Integer> partsOf(String name, DecoderConfig config) {
    for (int i = 0; i < config.layers(); i++) {
      if (name.startsWith(WeightNames.layer(i, ""))) {
        return List.of(GradientWalk.layer(i, config.layers()));
      }
    }
    int bottom = GradientWalk.bottom(config.layers());
    if (name.startsWith(WeightNames.EMBED_TOKENS_PATH) && config.tieWordEmbeddings()) {
      return List.of(GradientWalk.HEAD, bottom);
    }
    boolean atHead =
        name.equals(WeightNames.FINAL_NORM) || name.startsWith(WeightNames.LM_HEAD_PATH);
    return List.of(atHead ? GradientWalk.HEAD : bottom);
  }
}
