package dev.anneal.core.peft;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.EditDistance;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.peft.modules.ModuleSelection;
import dev.anneal.core.peft.modules.SavedModules;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares what a method selects by name with the modules of a model: an entry without a module is
 * a mistake, which PEFT passes over in silence as long as another entry has one. Immutable.
 */
final class ModuleSelections {
  private static final Logger LOG = LoggerFactory.getLogger(ModuleSelections.class);
  private static final int SUGGESTED = 3;

  /** Modules outside the layers, which some methods adapt. */
  private static final Set<String> OUTSIDE_LAYERS = Set.of("lm_head", "embed_tokens");

  private final AdapterMethod method;
  private final List<String> modules;
  private final List<String> targeted;
  private final List<String> all;

  ModuleSelections(AdapterMethod method, DecoderConfig model) {
    this.method = method;
    DecoderLayout layout = new DecoderLayout(model);
    List<LinearSite> sites = method.sites(layout);
    this.all =
        Stream.concat(
                layout.weights().keySet().stream().map(SavedModules::module),
                Stream.of(WeightNames.LM_HEAD_PATH))
            .distinct()
            .toList();
    Stream<String> head =
        method.ends(layout).isEmpty() ? Stream.of() : Stream.of(WeightNames.LM_HEAD_PATH);
    this.modules = Stream.concat(sites.stream().map(LinearSite::module), head).distinct().toList();
    this.targeted =
        sites.stream()
            .filter(site -> !method.parameters(site).isEmpty())
            .map(LinearSite::module)
            .toList();
  }

  /**
   * For a method made from settings.
   *
   * @throws ConfigException that names each entry without a module, and the nearest names; or two
   *     entries that give one module different values, since HOCON keeps no order of keys
   */
  void require() {
    List<String> problems = new ArrayList<>();
    for (ModuleSelection selection : method.selections()) {
      if (!selectsAny(selection)) {
        problems.add(
            "Invalid adapter."
                + shown(selection)
                + " ("
                + rule(selection)
                + "; nearest: "
                + nearest(selection)
                + ")");
      }
    }
    problems.addAll(contradictions());
    if (!problems.isEmpty()) {
      throw new ConfigException(String.join("\n", problems));
    }
  }

  /**
   * For a method that an adapter_config.json describes, as PEFT reads it: what selects nothing has
   * no effect and is said once; what PEFT would adapt and this build does not is an error.
   */
  void warn(String source) {
    List<String> without = new ArrayList<>();
    for (ModuleSelection selection : method.selections()) {
      boolean target = selection.key().equals(ModuleSelection.TARGETS);
      if (target && notAdapted().anyMatch(selection.selects())) {
        throw new ConfigException(
            "Unsupported in "
                + source
                + ": "
                + shown(selection)
                + " (only the linear modules of the layers are adapted; adapter.path)");
      }
      if (!selectsAny(selection)) {
        without.add(shown(selection));
      }
    }
    if (targeted.isEmpty() && method.selections().stream().anyMatch(this::isTarget)) {
      throw new ConfigException(
          "Invalid target_modules in "
              + source
              + ": matches no linear module of the model (adapter.path: does the adapter belong to"
              + " model.path?)");
    }
    if (!without.isEmpty()) {
      LOG.warn("adapter ignored=\"{}\" reason=\"no such module\" file={}", without, source);
    }
  }

  private Stream<String> notAdapted() {
    Set<String> own =
        modules.stream()
            .map(module -> module.substring(module.lastIndexOf('.') + 1))
            .collect(Collectors.toSet());
    return OUTSIDE_LAYERS.stream().filter(name -> !own.contains(name));
  }

  private boolean isTarget(ModuleSelection selection) {
    return selection.key().equals(ModuleSelection.TARGETS);
  }

  private boolean selectsAny(ModuleSelection selection) {
    return candidates(selection).stream().anyMatch(selection.selects());
  }

  private List<String> candidates(ModuleSelection selection) {
    return switch (selection.key()) {
      case ModuleSelection.TARGETS, ModuleSelection.EXCLUDED, ModuleSelection.LAYERS -> modules;
      case ModuleSelection.RANKS, ModuleSelection.ALPHAS -> targeted;
      default -> all;
    };
  }

  private static String rule(ModuleSelection selection) {
    return switch (selection.key()) {
      case ModuleSelection.TARGETS -> "matches no linear module of the model's layers";
      case ModuleSelection.EXCLUDED,
              ModuleSelection.LAYERS,
              ModuleSelection.RANKS,
              ModuleSelection.ALPHAS ->
          "matches no module of target_modules";
      default -> "matches no module of the model";
    };
  }

  private static String shown(ModuleSelection selection) {
    return selection.key() + ": " + selection.entry();
  }

  private List<String> contradictions() {
    Set<String> found = new LinkedHashSet<>();
    for (ModuleSelection one : method.selections()) {
      for (ModuleSelection other : method.selections()) {
        boolean differ =
            one.key().equals(other.key())
                && one.entry().compareTo(other.entry()) < 0
                && !one.value().equals(other.value());
        if (differ) {
          targeted.stream()
              .filter(one.selects().and(other.selects()))
              .findFirst()
              .ifPresent(
                  module ->
                      found.add(
                          "Invalid adapter."
                              + one.key()
                              + ": "
                              + (one.entry() + " = " + one.value() + ", ")
                              + (other.entry() + " = " + other.value())
                              + (" (both match "
                                  + module
                                  + "; an entry may not overlap another)")));
        }
      }
    }
    return List.copyOf(found);
  }

  /** The last names of modules that are the least edits away. */
  private String nearest(ModuleSelection selection) {
    String entry = selection.entry();
    String last = entry.substring(entry.lastIndexOf('.') + 1);
    Set<String> names = new TreeSet<>();
    boolean whole = candidates(selection) == all;
    (whole ? all : modules)
        .forEach(module -> names.add(module.substring(module.lastIndexOf('.') + 1)));
    return names.stream()
        .sorted(Comparator.comparingInt(name -> EditDistance.between(last, name)))
        .limit(SUGGESTED)
        .collect(Collectors.joining(", "));
  }
}
