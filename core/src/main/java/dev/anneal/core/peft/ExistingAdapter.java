package dev.anneal.core.peft;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the {@code adapter_config.json} of an existing adapter says. Immutable. */
public final class ExistingAdapter {
  private final AdapterJson json;
  private final Set<String> knownKeys;
  private final SavedMethod saved;

  ExistingAdapter(AdapterJson json, AdapterFactory factory) {
    this.json = json;
    this.knownKeys = Set.copyOf(factory.knownKeys());
    this.saved = factory.read(json);
  }

  /** PEFT's {@code peft_type}. */
  public String peftType() {
    return json.peftType();
  }

  /** {@code base_model_name_or_path}, or empty. */
  public String baseModel() {
    return json.baseModel();
  }

  /** The settings that a reader wants to know, by PEFT's names, in order. */
  public Map<String, Object> settings() {
    Map<String, Object> settings = new LinkedHashMap<>(saved.settings());
    settings.put("target_modules", json.targetModules());
    return settings;
  }

  /** Keys that mean nothing here, for a warning. */
  public List<String> unknownKeys() {
    return json.unknownKeys(knownKeys);
  }

  /**
   * The method for a model.
   *
   * @param modulePaths the model's linear modules, which an expression in {@code target_modules} is
   *     matched against
   */
  public AdapterMethod method(List<String> modulePaths) {
    return saved.method(modulePaths);
  }

  SavedMethod saved() {
    return saved;
  }
}
