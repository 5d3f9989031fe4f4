package dev.anneal.core.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** One source of settings, flattened to known keys; synonyms translated, unknown keys reported. */
final class Layer {
  private final KnownKeys known;
  private final Config config;
  private final List<String> notices;
  private final List<String> problems;
  private final Map<String, ConfigValue> found = new LinkedHashMap<>();

  Layer(KnownKeys known, Config config, List<String> notices, List<String> problems) {
    this.known = known;
    this.config = config;
    this.notices = notices;
    this.problems = problems;
  }

  /** Puts this layer over the values so far; null takes a value, or a whole section, back. */
  void applyTo(Map<String, ConfigValue> values) {
    walk("", config.root());
    found.forEach(
        (path, value) -> {
          if (value.valueType() == ConfigValueType.NULL) {
            values.keySet().removeIf(key -> key.equals(path) || key.startsWith(path + "."));
          } else if (value instanceof ConfigObject && values.get(path) instanceof ConfigObject) {
            values.put(path, value.withFallback(values.get(path)));
          } else {
            values.put(path, value);
          }
        });
  }

  private void walk(String prefix, ConfigObject object) {
    for (Map.Entry<String, ConfigValue> entry : new TreeMap<>(object).entrySet()) {
      String path = prefix + entry.getKey();
      ConfigValue value = entry.getValue();
      if (known.isLeaf(path)) {
        add(path, path, value);
      } else if (known.isSection(path)) {
        section(path, value);
      } else {
        foreign(path, value);
      }
    }
  }

  private void section(String path, ConfigValue value) {
    if (value instanceof ConfigObject section) {
      walk(path + ".", section);
    } else if (value.valueType() == ConfigValueType.NULL) {
      found.put(path, value);
    } else {
      problems.add(Scalars.wrongType(value, path, "a section { key = value, ... }").getMessage());
    }
  }

  private void foreign(String path, ConfigValue value) {
    Optional<Synonyms.Target> synonym = Synonyms.find(path, known);
    if (synonym.isPresent()) {
      Synonyms.Target target = synonym.get();
      notices.add("config synonym=" + path + " key=" + target.key());
      add(path, target.key(), target.translate(value));
    } else if (value instanceof ConfigObject inner && !inner.isEmpty()) {
      walk(path + ".", inner);
    } else {
      problems.add(
          "Unknown key: "
              + path
              + " (did you mean "
              + known.nearest(path)
              + "?; set in "
              + value.origin().description()
              + ")");
    }
  }

  private void add(String name, String key, ConfigValue value) {
    if (found.put(key, value) != null) {
      problems.add(
          "Invalid "
              + name
              + ": given twice (also as "
              + key
              + " or a synonym of it; set in "
              + value.origin().description()
              + ")");
    }
  }
}
