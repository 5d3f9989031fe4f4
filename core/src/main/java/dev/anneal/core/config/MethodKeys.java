package dev.anneal.core.config;

import java.util.Set;
import java.util.TreeSet;

/**
 * Who knows the settings of adapter methods. An implementation stands in {@code
 * META-INF/services/dev.anneal.core.config.MethodKeys}, so that settings are read without a
 * dependency on the methods. Stateless.
 */
public interface MethodKeys {
  /** Every key that some method has, by PEFT's names. */
  Set<String> keys();

  /** Those of all implementations on the class path. */
  static Set<String> all() {
    Set<String> keys = new TreeSet<>();
    java.util.ServiceLoader.load(MethodKeys.class, MethodKeys.class.getClassLoader())
        .forEach(known -> keys.addAll(known.keys()));
    return keys;
  }
}
