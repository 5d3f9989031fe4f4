package dev.anneal.core.optim;

import dev.anneal.core.config.ConfigException;
import java.util.List;
import java.util.ServiceLoader;

/** The optimizers on the class path, by the name that settings use. Stateless. */
public final class OptimizerRegistry {
  private OptimizerRegistry() {}

  /** All of them, in the order of their names. */
  public static List<OptimizerMethod> methods() {
    ClassLoader own = OptimizerMethod.class.getClassLoader();
    return ServiceLoader.load(OptimizerMethod.class, own).stream()
        .map(ServiceLoader.Provider::get)
        .sorted((a, b) -> a.name().compareTo(b.name()))
        .toList();
  }

  /** The one that {@code optimizer.name} means, or the error that names the others. */
  public static OptimizerMethod named(String name) {
    List<OptimizerMethod> methods = methods();
    return methods.stream()
        .filter(method -> method.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigException(
                    "Unsupported optimizer.name: "
                        + name
                        + " (supported: "
                        + String.join(", ", methods.stream().map(OptimizerMethod::name).toList())
                        + ")"));
  }
}
