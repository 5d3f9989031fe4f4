package dev.anneal.core.peft;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.model.DecoderConfig;
import dev.anneal.core.model.DecoderLayout;
import dev.anneal.core.model.LinearSite;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
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
      String peftType,
      Class<? extends AdapterMethod> implementation,
      Function<AdapterConfig, AdapterMethod> create) {}

  private static final List<Entry> ENTRIES = List.of(new Entry("LORA", Lora.class, Lora::of));

  private AdapterRegistry() {}

  public static List<Entry> entries() {
    return ENTRIES;
  }

  /** The method that a configuration names. */
  private static AdapterMethod create(AdapterConfig config, DecoderConfig model) {
    for (Entry entry : ENTRIES) {
      if (entry.peftType().equals(config.peftType())) {
        AdapterMethod method = entry.create().apply(config);
        requireSites(method, config, model);
        return method;
      }
    }
    throw new ConfigException(
        "Unsupported adapter.peft_type: " + config.peftType() + " (supported: " + names() + ")");
  }

  /** The method of an existing adapter, or else of the configuration; none for full tuning. */
  public static Optional<AdapterMethod> choose(
      AdapterConfig config, Optional<AdapterFolder> existing, DecoderConfig model) {
    if (existing.isPresent()) {
      return Optional.of(existing(existing.get(), model));
    }
    return config.present() ? Optional.of(create(config, model)) : Optional.empty();
  }

  /** The method of an adapter folder, as its adapter_config.json describes it. */
  public static AdapterMethod existing(AdapterFolder folder, DecoderConfig model) {
    List<String> modules =
        new DecoderLayout(model).sites().stream().map(LinearSite::module).toList();
    return Lora.of(folder.config(), modules);
  }

  private static void requireSites(
      AdapterMethod method, AdapterConfig config, DecoderConfig model) {
    for (LinearSite site : new DecoderLayout(model).sites()) {
      if (!method.parameters(site).isEmpty()) {
        return;
      }
    }
    throw new ConfigException(
        "Invalid adapter.target_modules: "
            + config.targetModules()
            + " (matches no linear module of the model's layers; q_proj, k_proj, v_proj, o_proj,"
            + " gate_proj, up_proj and down_proj can be adapted)");
  }

  private static String names() {
    StringJoiner names = new StringJoiner(", ").add(AdapterConfig.FULL_TUNING);
    ENTRIES.forEach(entry -> names.add(entry.peftType()));
    return names.toString();
  }
}
