package dev.anneal.core.config;

import java.io.Serializable;
import java.util.Locale;

/**
 * What is trained besides, or instead of, the base weights; PEFT's names. Immutable.
 *
 * @param peftType PEFT's name of the method, in capitals, which the methods themselves check; NONE
 *     is full tuning unless {@code path} is set
 * @param path an existing PEFT adapter to go on from; its adapter_config.json then rules
 * @param method the keys that the method itself has
 */
public record AdapterConfig(String peftType, String path, MethodSettings method)
    implements Serializable {
  /** The value of {@code target_modules} that means every linear layer but the output head. */
  public static final String ALL_LINEAR = "all-linear";

  /** The value of {@code peft_type} that means full tuning. */
  public static final String FULL_TUNING = "NONE";

  public AdapterConfig {
    peftType = peftType.toUpperCase(Locale.ROOT);
  }

  /** Whether an adapter is trained or applied at all. */
  public boolean present() {
    return !peftType.equals(FULL_TUNING) || !path.isEmpty();
  }

  /** Only applies an existing adapter, trains none; an empty path is the bare model. */
  public AdapterConfig existingAt(String folder) {
    return new AdapterConfig(FULL_TUNING, folder, method);
  }
}
