package dev.anneal.jobs.config;

import dev.anneal.core.assembly.AdaptedModels;
import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.config.Rule;
import java.io.Serializable;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** An adapter folder under the name that prompts and results give it. Immutable. */
@ElementDefaults("name = \"\", path = \"\"")
public record NamedAdapter(String name, String path) implements Serializable {
  /** Refuses what cannot be told apart. */
  static List<NamedAdapter> require(String key, List<NamedAdapter> adapters) {
    Set<String> names = new HashSet<>();
    for (NamedAdapter adapter : adapters) {
      String name = adapter.name();
      AdapterConfig.requireName(key, "name ", name);
      Rule.check(
          !name.equals(AdaptedModels.BARE), key, "name " + name, "names the model without adapter");
      Rule.check(names.add(name), key, "name " + name, "is given twice");
      Rule.check(!adapter.path().isBlank(), key, name, "must have a path");
    }
    return List.copyOf(adapters);
  }
}
