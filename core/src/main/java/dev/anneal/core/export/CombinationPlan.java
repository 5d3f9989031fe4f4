package dev.anneal.core.export;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.export.LoraFolder.Pair;
import dev.anneal.core.peft.modules.Bias;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Which adapters are combined to what. Owns the opened files; one thread. */
final class CombinationPlan implements AutoCloseable {
  private final TensorScope scope = new TensorScope();
  private final List<LoraFolder> folders = new ArrayList<>();
  private final List<Double> weights;
  private final Combination how;
  private final int rank;

  /**
   * What one adapter adds to a module.
   *
   * @param factor its weight times its scaling
   */
  record Weighted(LoraFolder folder, Pair pair, double factor) {
    Tensor openA() {
      return folder.open(pair.a(), pair.rank(), pair.in());
    }

    Tensor openB() {
      return folder.open(pair.b(), pair.out(), pair.rank());
    }
  }

  private CombinationPlan(
      TensorRuntime runtime, List<CombinedAdapter.Part> parts, Combination how, int svdRank) {
    this.weights = parts.stream().map(CombinedAdapter.Part::weight).toList();
    this.how = parts.size() == 1 ? Combination.LINEAR : how;
    try {
      for (CombinedAdapter.Part part : parts) {
        folders.add(scope.own(LoraFolder.open(runtime, part.folder())));
      }
      requireOneShape();
      requireOneOwner();
      this.rank = rank(svdRank);
    } catch (RuntimeException e) {
      scope.close();
      throw e;
    }
  }

  static CombinationPlan of(
      TensorRuntime runtime, List<CombinedAdapter.Part> parts, Combination how, int svdRank) {
    return new CombinationPlan(runtime, parts, how, svdRank);
  }

  private void requireOneShape() {
    Map<String, LoraFolder> first = new HashMap<>();
    for (LoraFolder folder : folders) {
      folder
          .pairs()
          .forEach(
              (module, pair) -> {
                LoraFolder before = first.putIfAbsent(module, folder);
                if (before != null && !before.pairs().get(module).fits(pair)) {
                  throw LoraFolder.refused(
                      folder.folder(),
                      String.format(
                          "its %s is %s, in %s %s (must belong to one base)",
                          module,
                          pair.sizes(),
                          before.folder().path(),
                          before.pairs().get(module).sizes()));
                }
              });
    }
  }

  /** A weight that is trained as it is has one value: no sum of changes. */
  private void requireOneOwner() {
    Map<String, LoraFolder> owners = new HashMap<>();
    for (LoraFolder folder : folders) {
      if (folders.size() > 1 && folder.method().modules().bias() != Bias.NONE) {
        throw LoraFolder.refused(
            folder.folder(), "it trains biases of the base (bias must be none in each of several)");
      }
      for (String name : folder.whole().keySet()) {
        LoraFolder before = owners.putIfAbsent(name, folder);
        if (before != null) {
          throw LoraFolder.refused(
              folder.folder(),
              name
                  + " is trained whole, as in "
                  + before.folder().path()
                  + " (modules_to_save: one adapter alone may have a module)");
        }
      }
      for (LoraFolder other : folders) {
        other.pairs().keySet().stream()
            .filter(folder.method().modules().saved()::matches)
            .findFirst()
            .ifPresent(
                module -> {
                  throw LoraFolder.refused(
                      folder.folder(),
                      module
                          + " is trained whole, and adapted in "
                          + other.folder().path()
                          + " (modules_to_save)");
                });
      }
    }
  }

  private int rank(int svdRank) {
    List<Integer> ranks =
        folders.stream().map(folder -> folder.method().settings().largestRank()).toList();
    int largest = ranks.stream().mapToInt(Integer::intValue).max().orElseThrow();
    return switch (how) {
      case SVD -> {
        requireUseful(svdRank);
        yield svdRank == 0 ? largest : svdRank;
      }
      case CAT -> ranks.stream().mapToInt(Integer::intValue).sum();
      case LINEAR -> {
        requireOneRank(ranks);
        yield largest;
      }
    };
  }

  private void requireUseful(int svdRank) {
    long most =
        folders.stream()
            .flatMap(folder -> folder.pairs().values().stream())
            .mapToLong(pair -> Math.min(pair.in(), pair.out()))
            .max()
            .orElseThrow();
    if (svdRank > most) {
      throw new ConfigException(
          "Invalid export.svd_rank: "
              + svdRank
              + " (must be <= "
              + most
              + ", the smaller side of the largest module)");
    }
  }

  private void requireOneRank(List<Integer> ranks) {
    boolean differ = ranks.stream().distinct().count() > 1;
    for (String module : modules()) {
      differ |= parts(module).stream().map(part -> part.pair().rank()).distinct().count() > 1;
    }
    if (differ) {
      throw new ConfigException(
          "Invalid export.combination_type: LINEAR (needs adapters of one rank, but "
              + folders.stream()
                  .map(
                      each ->
                          each.folder().path() + " has r " + each.method().settings().largestRank())
                  .collect(Collectors.joining(", "))
              + "; take cat or svd)");
    }
  }

  Combination how() {
    return how;
  }

  int rank() {
    return rank;
  }

  List<LoraFolder> folders() {
    return folders;
  }

  List<String> baseModels() {
    return folders.stream()
        .map(folder -> folder.folder().config().baseModel())
        .filter(name -> !name.isEmpty())
        .distinct()
        .toList();
  }

  /** All that any part adapts. */
  Set<String> modules() {
    return folders.stream()
        .flatMap(folder -> folder.pairs().keySet().stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Those that adapt a module, in their order. */
  List<Weighted> parts(String module) {
    List<Weighted> parts = new ArrayList<>();
    for (int i = 0; i < folders.size(); i++) {
      Pair pair = folders.get(i).pairs().get(module);
      if (pair != null) {
        double factor = weights.get(i) * folders.get(i).method().settings().scaling(module);
        parts.add(new Weighted(folders.get(i), pair, factor));
      }
    }
    return parts;
  }

  @Override
  public void close() {
    scope.close();
  }
}
