package dev.anneal.core.config;

import java.io.Serializable;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What is trained besides, or instead of, the base weights; PEFT's names. Immutable.
 *
 * @param peftType PEFT's name of the method, in capitals, which the methods themselves check; NONE
 *     is full tuning unless {@code path} is set
 * @param path an existing PEFT adapter to go on from; its adapter_config.json then rules
 * @param adapterName PEFT's name of the trained adapter: {@link #DEFAULT_NAME}, or the name of the
 *     folder below {@code adapter} that it has to itself
 * @param method the keys that the method itself has
 */
public record AdapterConfig(String peftType, String path, String adapterName, MethodSettings method)
    implements Serializable {
  /** The value of {@code target_modules} that means every linear layer but the output head. */
  public static final String ALL_LINEAR = "all-linear";

  /** The value of {@code peft_type} that means full tuning. */
  public static final String FULL_TUNING = "NONE";

  /** PEFT's name of an adapter that is given none. */
  public static final String DEFAULT_NAME = "default";

  /** The folder of a run that its adapters lie in. */
  public static final String FOLDER = "adapter";

  /** PEFT makes modules of such names: they hold no dot. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+");

  public AdapterConfig {
    requireName("adapter.adapter_name", "", adapterName);
    peftType = peftType.toUpperCase(Locale.ROOT);
  }

  /** Whether an adapter is trained or applied at all. */
  public boolean present() {
    return !peftType.equals(FULL_TUNING) || !path.isEmpty();
  }

  /** Only applies an existing adapter, trains none; an empty path is the bare model. */
  public AdapterConfig existingAt(String folder) {
    return new AdapterConfig(FULL_TUNING, folder, DEFAULT_NAME, method);
  }

  /**
   * Refuses what is no name of an adapter.
   *
   * @param key the setting
   * @param what the value is in it, as messages show it before the value; may be empty
   * @throws ConfigException that names key and value
   */
  public static void requireName(String key, String what, String name) {
    Rule.check(
        NAME.matcher(name).matches(),
        key,
        what + "\"" + name + "\"",
        "must be of letters, digits, _ and -");
  }

  /** Whether it has a name of its own. */
  public boolean named() {
    return !adapterName.equals(DEFAULT_NAME);
  }

  /** Where a run keeps its files: the output folder, or that of a named adapter in it. */
  public String runFolder(String outputDir) {
    return named() && !outputDir.isEmpty()
        ? outputDir.replaceAll("/+$", "") + "/" + FOLDER + "/" + adapterName
        : outputDir;
  }

  /** Where a run leaves the adapter, by the folder that {@link #runFolder} gave. */
  public String adapterFolder(String runFolder) {
    return named() ? runFolder : runFolder.replaceAll("/+$", "") + "/" + FOLDER;
  }
}
