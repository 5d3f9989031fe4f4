package dev.anneal.core.config;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValue;
import java.io.Serializable;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The settings of an adapter method by PEFT's names, as settings or an {@code adapter_config.json}
 * give them. Which there are, and what they mean, a record of the method says. Immutable; travels
 * to executors.
 */
public final class MethodSettings implements Serializable {
  private static final long serialVersionUID = 1;

  private final ConfigObject given;

  private MethodSettings(ConfigObject given) {
    this.given = given;
  }

  static MethodSettings of(Map<String, ConfigValue> values) {
    ConfigObject object = ConfigFactory.empty().root();
    for (Map.Entry<String, ConfigValue> entry : values.entrySet()) {
      object = object.withValue(entry.getKey(), entry.getValue());
    }
    return new MethodSettings(object);
  }

  /**
   * The fields of a JSON object.
   *
   * @param source what messages call the file
   */
  public static MethodSettings ofJson(String json, String source) {
    ConfigParseOptions options =
        ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON).setOriginDescription(source);
    return new MethodSettings(ConfigFactory.parseString(json, options).root());
  }

  /** These, and some keys of others over them. */
  public MethodSettings with(MethodSettings others, Set<String> keys) {
    ConfigObject both = given;
    for (String key : keys) {
      if (others.given.containsKey(key)) {
        both = both.withValue(key, others.given.get(key));
      }
    }
    return new MethodSettings(both);
  }

  /** The keys that were given. */
  public Set<String> keys() {
    return new TreeSet<>(given.keySet());
  }

  /**
   * These settings as a record with {@link ElementDefaults}, whose components are all keys that the
   * method has.
   *
   * @param section what stands before the keys in messages
   * @throws ConfigException for a key that is no component, or a value that breaks a rule
   */
  public <T extends Record> T as(Class<T> type, String section) {
    return type.cast(RecordBinder.element(given, type, section));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MethodSettings settings && settings.given.equals(given);
  }

  @Override
  public int hashCode() {
    return given.hashCode();
  }

  @Override
  public String toString() {
    return given.render(com.typesafe.config.ConfigRenderOptions.concise());
  }
}
