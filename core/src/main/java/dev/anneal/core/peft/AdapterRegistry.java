package dev.anneal.core.peft;

import dev.anneal.core.config.AdapterConfig;
import java.util.List;
import java.util.function.Function;

/** The adapter methods that exist, one line each. */
public final class AdapterRegistry {
  /**
   * One method.
   *
   * @param peftType the value of {@code adapter.peft_type}
   * @param implementation its class
   * @param create makes it from the configuration
   */
  public record Entry(
      AdapterConfig.PeftType peftType,
      Class<? extends AdapterMethod> implementation,
      Function<AdapterConfig, AdapterMethod> create) {}

  private static final List<Entry> ENTRIES =
      List.of(new Entry(AdapterConfig.PeftType.LORA, Lora.class, Lora::of));

  private AdapterRegistry() {}

  public static List<Entry> entries() {
    return ENTRIES;
  }

  /** The method that a configuration names. */
  public static AdapterMethod create(AdapterConfig config) {
    for (Entry entry : ENTRIES) {
      if (entry.peftType() == config.peftType()) {
        return entry.create().apply(config);
      }
    }
    throw new IllegalArgumentException(
        "Unsupported adapter.peft_type: " + config.peftType() + " (supported: " + names() + ")");
  }

  /** The method of an existing adapter; paths are those of the model's linear modules. */
  public static AdapterMethod of(AdapterFolder folder, List<String> modulePaths) {
    return Lora.of(folder.config(), modulePaths);
  }

  private static List<AdapterConfig.PeftType> names() {
    return ENTRIES.stream().map(Entry::peftType).toList();
  }
}
