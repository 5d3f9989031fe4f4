package dev.anneal.core.export;

import dev.anneal.core.peft.modules.AdaptedModules;
import dev.anneal.core.peft.modules.ModuleNames;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What {@code adapter_config.json} of a combination says: the first part's, at scaling 1. */
final class CombinedConfig {
  private CombinedConfig() {}

  static Map<String, Object> of(CombinationPlan plan) {
    List<LoraFolder> folders = plan.folders();
    Map<String, Object> config = folders.get(0).method().exportConfig();
    config.put("r", plan.rank());
    config.put("lora_alpha", plan.rank());
    config.put("rank_pattern", Map.of());
    config.put("alpha_pattern", Map.of());
    config.put("use_rslora", false);
    config.put("target_modules", targets(plan));
    config.put("exclude_modules", null);
    config.put("layers_to_transform", null);
    config.put("layers_pattern", null);
    List<String> saved =
        folders.stream()
            .flatMap(folder -> folder.method().modules().saved().names().stream())
            .distinct()
            .toList();
    config.put("modules_to_save", saved.isEmpty() ? null : saved);
    return config;
  }

  /** The parts' names together, where these select what the parts adapt; else whole paths. */
  private static Object targets(CombinationPlan plan) {
    List<LoraFolder> folders = plan.folders();
    List<ModuleNames> names =
        folders.stream().map(folder -> folder.method().modules().targets().targets()).toList();
    boolean plain =
        folders.stream()
            .map(folder -> folder.method().modules())
            .allMatch(CombinedConfig::selectedByNameAlone);
    if (!plain || names.stream().map(ModuleNames::isExpression).distinct().count() > 1) {
      return List.copyOf(plan.modules());
    }
    if (names.get(0).isExpression()) {
      return names.stream()
          .map(each -> "(" + each.expression() + ")")
          .collect(Collectors.joining("|"));
    }
    return names.stream()
        .flatMap(each -> ((List<?>) each.json()).stream())
        .map(String::valueOf)
        .collect(Collectors.collectingAndThen(Collectors.toCollection(TreeSet::new), List::copyOf));
  }

  private static boolean selectedByNameAlone(AdaptedModules modules) {
    return modules.targets().excluded().isEmpty() && modules.targets().layers().isEmpty();
  }
}
