package dev.anneal.core.peft;

import dev.anneal.core.config.MethodKeys;
import java.util.Set;
import java.util.TreeSet;

/** The settings of all methods. Stateless. */
public final class AdapterKeys implements MethodKeys {
  @Override
  public Set<String> keys() {
    Set<String> keys = new TreeSet<>();
    AdapterRegistry.entries().forEach(entry -> keys.addAll(entry.keys()));
    return keys;
  }
}
