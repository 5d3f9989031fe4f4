package dev.anneal.core.peft;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.peft.modules.AdaptedModules;
import dev.anneal.core.peft.modules.ModuleSelection;
import java.util.List;
import java.util.function.ToIntFunction;

/** A method that attaches to linear modules, and may train others whole beside them. Immutable. */
public sealed interface ModuleMethod extends AdapterMethod
    permits Lora, AdaLora, Vera, Oft, Ia3, DiffPruning {
  /** Which modules. */
  AdaptedModules modules();

  @Override
  default boolean adapts(String module) {
    return modules().matches(module);
  }

  @Override
  default boolean untiesHead() {
    return modules().saved().untieHead();
  }

  @Override
  default List<String> trainedWeights(DecoderLayout layout) {
    return modules().trainedWeights(layout, this::adapts);
  }

  @Override
  default List<ModuleSelection> selections() {
    return modules().selections();
  }

  @Override
  default void requireFresh(DecoderLayout layout) {
    modules().bias().require(layout, this::adapts);
  }

  /**
   * Refuses ranks over the smaller side of a module.
   *
   * @param key the setting, without its section
   * @param hint what else to change; may be empty
   * @throws ConfigException that names the first such module
   */
  default void requireRanks(
      DecoderLayout layout, String key, ToIntFunction<LinearSite> rank, String hint) {
    for (LinearSite site : sites(layout)) {
      long most = Math.min(site.inFeatures(), site.outFeatures());
      if (adapts(site.module()) && rank.applyAsInt(site) > most) {
        throw new ConfigException(
            "Invalid adapter."
                + key
                + ": "
                + rank.applyAsInt(site)
                + " (must be <= "
                + most
                + ", the smaller side of "
                + site.module()
                + hint
                + ")");
      }
    }
  }
}
