package dev.anneal.core.peft.modules;

import dev.anneal.core.model.weights.DecoderLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Which modules a method attaches to, which are trained whole beside them, and which biases.
 * Immutable.
 */
public record AdaptedModules(ModuleTargets targets, SavedModules saved, Bias bias) {
  /** By PEFT's settings of those names. */
  public static AdaptedModules of(
      ModuleNames targetModules,
      ModuleNames excludeModules,
      List<Integer> layersToTransform,
      List<String> layersPattern,
      Bias bias,
      List<String> modulesToSave) {
    return new AdaptedModules(
        new ModuleTargets(targetModules, excludeModules, layersToTransform, layersPattern),
        new SavedModules(modulesToSave),
        bias);
  }

  /** Whether the module at a path is adapted; one that is trained whole is not. */
  public boolean matches(String module) {
    return targets.matches(module) && !saved.matches(module);
  }

  /**
   * Base weights that are trained as they are, by their names in the model.
   *
   * @param adapted whether the module at a path is adapted
   */
  public List<String> trainedWeights(DecoderLayout layout, Predicate<String> adapted) {
    return saved.weightsWith(bias.weights(layout, adapted), layout);
  }

  /** Each entry of the settings with the modules that it alone selects. */
  public List<ModuleSelection> selections() {
    List<ModuleSelection> selections = new ArrayList<>(targets.selections());
    selections.addAll(saved.selections());
    return selections;
  }
}
