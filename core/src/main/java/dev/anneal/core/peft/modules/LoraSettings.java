package dev.anneal.core.peft.modules;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.config.Rule;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * PEFT's LoraConfig, as far as it is supported: the settings of LORA. Immutable.
 *
 * @param rankPattern rank of modules whose path matches a key, in PEFT's pattern rule; of several
 *     keys the first
 * @param alphaPattern the same for alpha
 * @param initLoraWeights true, false, gaussian, pissa, pissa_niter_N or olora
 * @param trainableTokenIndices tokens whose rows of embedding or output matrix are trained
 * @param loraBias whether B has a bias, as PEFT trains it
 * @param loraplusLrRatio how many times A's learning rate B takes (LoRA+, Hayou et al., 2024, arXiv
 *     2402.12354)
 * @param loraplusLrEmbedding the learning rate of an embedding's A and B, with LoRA+
 */
@ElementDefaults(
    """
    r = 8, lora_alpha = 16, lora_dropout = 0.0, target_modules = all-linear
    exclude_modules = "", layers_to_transform = [], layers_pattern = []
    rank_pattern = {}, alpha_pattern = {}, use_rslora = false, bias = none, modules_to_save = []
    use_dora = false, init_lora_weights = "true", lora_bias = false
    trainable_token_indices = ""
    loraplus_lr_ratio = 1.0, loraplus_lr_embedding = 1e-6
    """)
public record LoraSettings(
    int r,
    double loraAlpha,
    double loraDropout,
    ModuleNames targetModules,
    ModuleNames excludeModules,
    List<Integer> layersToTransform,
    List<String> layersPattern,
    Map<String, Integer> rankPattern,
    Map<String, Double> alphaPattern,
    boolean useRslora,
    Bias bias,
    List<String> modulesToSave,
    boolean useDora,
    String initLoraWeights,
    boolean loraBias,
    TokenIndices trainableTokenIndices,
    @TrainingOnly double loraplusLrRatio,
    @TrainingOnly double loraplusLrEmbedding) {
  private static final double USUAL_EMBEDDING_RATE = 1e-6;

  public LoraSettings {
    Rule.positive("adapter.loraplus_lr_ratio", loraplusLrRatio);
    Rule.positive("adapter.loraplus_lr_embedding", loraplusLrEmbedding);
    if (loraplusLrRatio == 1 && loraplusLrEmbedding != USUAL_EMBEDDING_RATE) {
      throw new ConfigException(
          "Invalid adapter.loraplus_lr_embedding: "
              + loraplusLrEmbedding
              + " (has no effect without LoRA+: set adapter.loraplus_lr_ratio)");
    }
    if (loraBias && useDora) {
      throw new ConfigException("Invalid adapter.lora_bias: true (must be false with use_dora)");
    }
    if (loraBias && !List.of("true", "false").contains(initLoraWeights.toLowerCase(Locale.ROOT))) {
      throw new ConfigException(
          "Invalid adapter.lora_bias: true (must be false with init_lora_weights = "
              + initLoraWeights
              + ")");
    }
    Rule.positive("adapter.r", r);
    Rule.positive("adapter.lora_alpha", loraAlpha);
    Rule.below("adapter.lora_dropout", loraDropout, 0, 1);
    rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
    alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
    rankPattern.forEach((name, value) -> Rule.positive("adapter.rank_pattern." + name, value));
    alphaPattern.forEach((name, value) -> Rule.positive("adapter.alpha_pattern." + name, value));
    ModulePattern.requireExpressions("adapter.rank_pattern", rankPattern);
    ModulePattern.requireExpressions("adapter.alpha_pattern", alphaPattern);
  }

  /** The inner width at the module of a path. */
  public int rank(String module) {
    return ModulePattern.find(rankPattern, module).orElse(r);
  }

  /** What B·A is multiplied by at the module of a path. */
  public double scaling(String module) {
    double alpha = ModulePattern.find(alphaPattern, module).orElse(loraAlpha);
    int rank = rank(module);
    return alpha / (useRslora ? Math.sqrt(rank) : rank);
  }

  /** The largest inner width that is named. */
  public int largestRank() {
    return rankPattern.values().stream().reduce(r, Math::max);
  }

  /** Whether an embedding is to have another learning rate than LoRA+'s usual one. */
  public boolean ownEmbeddingRate() {
    return loraplusLrEmbedding != USUAL_EMBEDDING_RATE;
  }
}
