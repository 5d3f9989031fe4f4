package dev.anneal.core.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Text to a root record, whose components are the sections: reference.conf, then presets, then
 * files, then {@code key=value} settings; a later one wins. Sections of reference.conf that the
 * root has not are left out: they are other modules'. The only class that sees text keys. Not
 * thread-safe; use one per configuration.
 *
 * @param <T> the root record
 */
public final class ConfigLoader<T extends Record> {
  /** Value of a setting whose default depends on other settings. */
  private static final String AUTO = "auto";

  private static final double ADAPTER_LEARNING_RATE = 1e-4;
  private static final double FULL_LEARNING_RATE = 1e-5;

  private final Class<T> root;
  private final KnownKeys known;
  private final List<Config> presets = new ArrayList<>();
  private final List<Config> files = new ArrayList<>();
  private final List<Config> settings = new ArrayList<>();
  private final List<String> notices = new ArrayList<>();

  public ConfigLoader(Class<T> root) {
    this.root = root;
    this.known = new KnownKeys(root);
  }

  /** These settings over the defaults. */
  public static <T extends Record> T of(Class<T> root, String... settings) {
    ConfigLoader<T> loader = new ConfigLoader<>(root);
    for (String setting : settings) {
      loader.set(setting);
    }
    return loader.load().config();
  }

  /** Adds a shipped preset below all files. */
  public ConfigLoader<T> preset(String name, String hocon) {
    presets.add(parse(name, hocon));
    return this;
  }

  /** Adds a local file; its includes are found beside it. */
  public ConfigLoader<T> file(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new ConfigException("Cannot read " + file + ": no such file");
    }
    try {
      files.add(ConfigFactory.parseFile(file.toFile(), syntax()));
    } catch (com.typesafe.config.ConfigException e) {
      throw new ConfigException("Cannot read " + file + ": " + e.getMessage(), e);
    }
    return this;
  }

  /** Adds the text of a file that lies elsewhere, for example in an object store. */
  public ConfigLoader<T> file(String name, String hocon) {
    files.add(parse(name, hocon));
    return this;
  }

  /** Adds one {@code key=value}. */
  public ConfigLoader<T> set(String setting) {
    settings.add(SettingParser.parse(setting));
    return this;
  }

  /** Merges, checks every key and value, and builds the records. */
  public LoadedConfig<T> load() {
    List<String> problems = new ArrayList<>();
    Map<String, ConfigValue> given = given(problems);
    if (!problems.isEmpty()) {
      throw new ConfigException(String.join("\n", problems));
    }
    Map<String, ConfigValue> merged = defaults();
    merged.putAll(given);
    settle(merged);
    T config = RecordBinder.bind(root, "", merged::get);
    requireMethod(given.keySet());
    return new LoadedConfig<>(config, render(merged), given.keySet(), notices);
  }

  /**
   * The defaults with nothing but the texts of these keys, whatever is wrong elsewhere: tells where
   * to report a configuration that does not load.
   */
  public T salvage(Set<String> keys) {
    Map<String, ConfigValue> merged = defaults();
    given(new ArrayList<>())
        .forEach(
            (key, value) -> {
              if (keys.contains(key) && value.valueType() == ConfigValueType.STRING) {
                merged.put(key, value);
              }
            });
    settle(merged);
    return RecordBinder.bind(root, "", merged::get);
  }

  private Map<String, ConfigValue> defaults() {
    Map<String, ConfigValue> defaults = new LinkedHashMap<>();
    new Layer(known, reference(), new ArrayList<>(), new ArrayList<>()).applyTo(defaults);
    return defaults;
  }

  /** What presets, files and settings say, the later over the earlier. */
  private Map<String, ConfigValue> given(List<String> problems) {
    Map<String, ConfigValue> given = new LinkedHashMap<>();
    notices.clear();
    Config lower = reference();
    for (List<Config> kind : List.of(presets, files, settings)) {
      for (Config layer : kind) {
        try {
          Config resolved = layer.resolveWith(layer.withFallback(lower));
          new Layer(known, resolved, notices, problems).applyTo(given);
          lower = resolved.withFallback(lower);
        } catch (com.typesafe.config.ConfigException e) {
          problems.add("Cannot read " + layer.origin().description() + ": " + e.getMessage());
        }
      }
    }
    return given;
  }

  public static Config reference() {
    return ConfigFactory.parseResources(
        ConfigLoader.class, "reference.conf", syntax().setAllowMissing(false));
  }

  private static ConfigParseOptions syntax() {
    return ConfigParseOptions.defaults().setSyntax(ConfigSyntax.CONF).setAllowMissing(false);
  }

  private static Config parse(String name, String hocon) {
    try {
      return ConfigFactory.parseString(hocon, syntax().setOriginDescription(name));
    } catch (com.typesafe.config.ConfigException e) {
      throw new ConfigException("Cannot read " + name + ": " + e.getMessage(), e);
    }
  }

  /** Settings of an adapter would be ignored in silence by a run that tunes the whole model. */
  private static void requireMethod(Set<String> given) {
    if (given.contains("adapter.peft_type") || given.contains("adapter.path")) {
      return;
    }
    for (String key : given) {
      if (key.startsWith("adapter.")) {
        throw new ConfigException(
            "Missing adapter.peft_type: "
                + key
                + " has no effect without it (set LORA for an adapter, NONE to tune the model)");
      }
    }
  }

  /** Puts in what {@code auto} means, so that records and the saved configuration hold values. */
  private static void settle(Map<String, ConfigValue> merged) {
    merged.computeIfPresent("train.learning_rate", (key, value) -> learningRate(value, merged));
    merged.computeIfPresent("tokenize.packing", (key, value) -> packing(value, merged));
  }

  private static ConfigValue packing(ConfigValue value, Map<String, ConfigValue> merged) {
    if (!AUTO.equals(value.unwrapped())) {
      return value;
    }
    boolean sft = "sft".equalsIgnoreCase(text(merged.get("tokenize.stage")));
    return ConfigValueFactory.fromAnyRef(sft ? "bfd" : "none", value.origin().description());
  }

  private static String text(ConfigValue value) {
    return String.valueOf(value.unwrapped());
  }

  private static ConfigValue learningRate(ConfigValue value, Map<String, ConfigValue> merged) {
    if (!AUTO.equals(value.unwrapped())) {
      return value;
    }
    boolean full =
        "NONE".equalsIgnoreCase(text(merged.get("adapter.peft_type")))
            && "".equals(merged.get("adapter.path").unwrapped());
    return ConfigValueFactory.fromAnyRef(
        full ? FULL_LEARNING_RATE : ADAPTER_LEARNING_RATE, value.origin().description());
  }

  /** Sorted HOCON that can be read again; secrets are left out. */
  private static String render(Map<String, ConfigValue> merged) {
    Config all = ConfigFactory.empty();
    for (Map.Entry<String, ConfigValue> entry : merged.entrySet()) {
      all = all.withValue(entry.getKey(), redacted(entry.getKey(), entry.getValue()));
    }
    return all.root()
        .render(ConfigRenderOptions.defaults().setOriginComments(false).setJson(false));
  }

  private static ConfigValue redacted(String key, ConfigValue value) {
    String origin = value.origin().description();
    if (Redaction.isSecret(key)) {
      return ConfigValueFactory.fromAnyRef(Redaction.hidden(), origin);
    }
    if (value.valueType() == ConfigValueType.STRING) {
      return ConfigValueFactory.fromAnyRef(Redaction.text((String) value.unwrapped()), origin);
    }
    if (value instanceof com.typesafe.config.ConfigList list) {
      return ConfigValueFactory.fromIterable(
          list.stream().map(item -> redacted(key, item)).toList(), origin);
    }
    if (value instanceof ConfigObject object) {
      ConfigObject result = object;
      for (String name : object.keySet()) {
        result = result.withValue(name, redacted(name, object.get(name)));
      }
      return result;
    }
    return value;
  }
}
