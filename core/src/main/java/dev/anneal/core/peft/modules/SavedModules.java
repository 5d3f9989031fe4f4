package dev.anneal.core.peft.modules;

import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.weights.DecoderLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * PEFT's {@code modules_to_save}: modules that are trained whole and saved beside the adapter. A
 * name means every module whose path ends with it, as PEFT has it. Immutable.
 */
public record SavedModules(List<String> names) {
  public SavedModules {
    names = List.copyOf(names);
  }

  /** Whether the module at a path, or a block that holds it, is trained whole; then not adapted. */
  public boolean matches(String module) {
    for (int end = module.length(); end > 0; end = module.lastIndexOf('.', end - 1)) {
      if (names.stream().anyMatch(module.substring(0, end)::endsWith)) {
        return true;
      }
    }
    return false;
  }

  /** Whether one of the two matrices that a model may tie is among them. */
  public boolean untieHead() {
    return matches(WeightNames.LM_HEAD_PATH) || matches(WeightNames.EMBED_TOKENS_PATH);
  }

  /** Their weights and biases, by the model's names. */
  public List<String> weights(DecoderLayout layout) {
    return layout.weights().keySet().stream().filter(name -> matches(module(name))).toList();
  }

  /** Those and others, each once. */
  public List<String> weightsWith(List<String> others, DecoderLayout layout) {
    return Stream.concat(weights(layout).stream(), others.stream()).distinct().toList();
  }

  /** Each name with the modules that it means. */
  public List<ModuleSelection> selections() {
    List<ModuleSelection> selections = new ArrayList<>();
    for (String name : names) {
      selections.add(
          new ModuleSelection(
              ModuleSelection.SAVED, name, "", new SavedModules(List.of(name))::matches));
    }
    return selections;
  }

  /** The module that a weight belongs to. */
  public static String module(String weight) {
    return weight.substring(0, weight.lastIndexOf('.'));
  }
}
