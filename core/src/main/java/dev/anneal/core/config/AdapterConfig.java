package dev.anneal.core.config;

import java.io.Serializable;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is trained besides, or instead of, the base weights; PEFT's names. Immutable.
 *
 * @param peftType PEFT's name of the method, in capitals, which the methods themselves check; NONE
 *     is full tuning unless {@code path} is set
 * @param path an existing PEFT adapter to go on from; its adapter_config.json then rules
 * @param r inner dimension of the low-rank update
 * @param loraAlpha numerator of the scaling alpha ÷ r (÷ √r with {@code useRslora})
 * @param targetModules names of linear layers, or the single element {@code all-linear}
 * @param rankPattern other ranks by module name or its end
 * @param alphaPattern other alphas by module name or its end
 */
public record AdapterConfig(
    String peftType,
    String path,
    int r,
    double loraAlpha,
    double loraDropout,
    List<String> targetModules,
    Bias bias,
    boolean useRslora,
    Map<String, Integer> rankPattern,
    Map<String, Double> alphaPattern,
    List<String> modulesToSave)
    implements Serializable {
  /** The value of {@code target_modules} that means every linear layer but the output head. */
  public static final String ALL_LINEAR = "all-linear";

  /** The value of {@code peft_type} that means full tuning. */
  public static final String FULL_TUNING = "NONE";

  /** Which biases are trained with the adapter. */
  public enum Bias {
    NONE,
    ALL,
    LORA_ONLY
  }

  public AdapterConfig {
    peftType = peftType.toUpperCase(Locale.ROOT);
    targetModules = List.copyOf(targetModules);
    rankPattern = Collections.unmodifiableMap(new TreeMap<>(rankPattern));
    alphaPattern = Collections.unmodifiableMap(new TreeMap<>(alphaPattern));
    modulesToSave = List.copyOf(modulesToSave);
    Rule.positive("adapter.r", r);
    Rule.positive("adapter.lora_alpha", loraAlpha);
    Rule.below("adapter.lora_dropout", loraDropout, 0, 1);
    Rule.check(
        !targetModules.isEmpty(),
        "adapter.target_modules",
        "[]",
        "must name at least one module, or all-linear");
    for (String name : targetModules) {
      Rule.check(
          name.matches("[A-Za-z0-9_.-]+"),
          "adapter.target_modules",
          "\"" + name + "\"",
          "must be module names such as q_proj, or all-linear; patterns are not supported");
    }
    rankPattern.forEach((name, value) -> Rule.positive("adapter.rank_pattern." + name, value));
    alphaPattern.forEach((name, value) -> Rule.positive("adapter.alpha_pattern." + name, value));
    Rule.check(
        modulesToSave.isEmpty(),
        "adapter.modules_to_save",
        modulesToSave.toString(),
        "not supported yet: leave it out, or tune in full with adapter.peft_type = NONE");
    Rule.check(
        bias == Bias.NONE,
        "adapter.bias",
        bias.name().toLowerCase(Locale.ROOT),
        "only none is supported");
  }

  /** Whether an adapter is trained or applied at all. */
  public boolean present() {
    return !peftType.equals(FULL_TUNING) || !path.isEmpty();
  }

  /** Only applies an existing adapter, trains none; an empty path is the bare model. */
  public AdapterConfig existingAt(String folder) {
    return new AdapterConfig(
        FULL_TUNING,
        folder,
        r,
        loraAlpha,
        loraDropout,
        targetModules,
        bias,
        useRslora,
        rankPattern,
        alphaPattern,
        modulesToSave);
  }
}
