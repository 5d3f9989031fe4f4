package dev.anneal.core.peft;

import dev.anneal.core.config.ConfigException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the {@code adapter_config.json} of an existing adapter says. Immutable. */
public final class ExistingAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(ExistingAdapter.class);

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

  /** What messages call its file. */
  String source() {
    return json.source();
  }

  /**
   * Refuses unknown options that are switched on, since they may change the maths, and warns of
   * other unknown values.
   */
  void requireNothingUnknown() {
    List<String> unknown = unknownKeys();
    List<String> on = unknown.stream().filter(json::isTrue).map(key -> key + " true").toList();
    json.refuse(on);
    List<String> active = json.active(Set.copyOf(unknown));
    if (!active.isEmpty()) {
      LOG.warn("adapter ignored=\"{}\" reason=\"unknown keys\" file={}", active, json.source());
    }
  }

  /** Keys that mean nothing here. */
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
    AdapterTargets targets = json.targetModules();
    if (targets.resolve(modulePaths).isEmpty()) {
      throw new ConfigException(
          "Invalid target_modules in "
              + json.source()
              + ": "
              + targets
              + " (matches no linear module of the model; adapter.path)");
    }
    return saved.method(modulePaths);
  }

  SavedMethod saved() {
    return saved;
  }
}
