package dev.anneal.core.peft;

import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.weights.DecoderLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * PEFT's {@code modules_to_save}: modules that are trained whole and saved beside the adapter. A
 * name means every module whose path ends with it, as PEFT has it. Immutable.
 */
record SavedModules(List<String> names) {
  SavedModules {
    names = List.copyOf(names);
  }

  /** Whether the module at a path is trained whole, and so not adapted. */
  boolean matches(String module) {
    return names.stream().anyMatch(module::endsWith);
  }

  /** Whether one of the two matrices that a model may tie is among them. */
  boolean untieHead() {
    return matches(SavedModules.module(WeightNames.LM_HEAD))
        || matches(SavedModules.module(WeightNames.EMBED_TOKENS));
  }

  /** Their weights and biases, by the model's names. */
  List<String> weights(DecoderLayout layout) {
    return layout.weights().keySet().stream().filter(name -> matches(module(name))).toList();
  }

  /** Each name with the modules that it means. */
  List<ModuleSelection> selections() {
    List<ModuleSelection> selections = new ArrayList<>();
    for (String name : names) {
      selections.add(
          new ModuleSelection(ModuleSelection.SAVED, name, "", module -> module.endsWith(name)));
    }
    return selections;
  }

  /** The module that a weight belongs to. */
  static String module(String weight) {
    return weight.substring(0, weight.lastIndexOf('.'));
  }
}
