package dev.anneal.core.peft;

import dev.anneal.core.config.MethodSettings;
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
  private final AdapterRegistry.Entry entry;
  private final AdapterMethod method;
  private final List<String> unknownKeys;

  ExistingAdapter(AdapterJson json, AdapterRegistry.Entry entry) {
    this.json = json;
    this.entry = entry;
    this.unknownKeys = json.unknownKeys(entry);
    this.method = create(json.settings(entry));
  }

  /** PEFT's {@code peft_type}. */
  public String peftType() {
    return json.peftType();
  }

  /** {@code base_model_name_or_path}, or empty. */
  public String baseModel() {
    return json.baseModel();
  }

  /** The settings that a reader wants to know, by PEFT's names: those that do something. */
  public Map<String, Object> settings() {
    Map<String, Object> settings = new LinkedHashMap<>();
    SettingsFields.exported(method.settings())
        .forEach(
            (key, value) -> {
              if (!AdapterJson.neutral(value)) {
                settings.put(key, shown(value));
              }
            });
    return settings;
  }

  private static Object shown(Object value) {
    if (value instanceof List<?> list) {
      return String.join(", ", list.stream().map(String::valueOf).toList());
    }
    return value;
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
    List<String> on = unknownKeys.stream().filter(json::isTrue).map(key -> key + " true").toList();
    json.refuse(on);
    List<String> active = json.active(unknownKeys);
    if (!active.isEmpty()) {
      LOG.warn("adapter ignored=\"{}\" reason=\"unknown keys\" file={}", active, json.source());
    }
  }

  /** Keys that mean nothing here. */
  public List<String> unknownKeys() {
    return unknownKeys;
  }

  /** The method that it describes, with settings of the run that only matter in training. */
  AdapterMethod method(MethodSettings run) {
    Set<String> keys = SettingsFields.trainingOnlyKeys(entry.description().settings());
    return create(json.settings(entry).with(run, keys));
  }

  /** The method that it would describe with other settings over its own. */
  AdapterMethod methodWith(MethodSettings others) {
    entry.requireOwn(others);
    return create(json.settings(entry).with(others, others.keys()));
  }

  /** Whatever adds to the file's settings, what it trains is what the file holds. */
  private AdapterMethod create(MethodSettings settings) {
    return json.read(
        () -> {
          AdapterMethod created = entry.create(settings).asExported();
          created.requireReadable();
          return created;
        });
  }

  /** The method that it describes. */
  public AdapterMethod method() {
    return method;
  }
}
