package dev.anneal.core.peft.modules;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.Shape;
import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * What a method does outside the layers, at the embedding and at the output matrix: adapters like
 * those of the layers, or rows of their own for some tokens. Immutable.
 */
public record ModelEnds(AdaptedModules modules, TokenIndices tokens) {
  public static final String EMBEDDING = WeightNames.EMBED_TOKENS_PATH;
  private static final List<String> PATHS = List.of(EMBEDDING, WeightNames.LM_HEAD_PATH);
  private static final String ROWS = ".token_adapter.trainable_tokens_delta";

  /** Whether one of two tied matrices becomes another than the other. */
  public boolean untieHead() {
    return PATHS.stream().anyMatch(modules::matches)
        || modules.saved().untieHead()
        || tokens.untieHead();
  }

  /** The sites, a tied output matrix too where it becomes one of its own. */
  public List<LinearSite> sites(DecoderLayout layout) {
    boolean parts = layout.config().tieWordEmbeddings() && untieHead();
    return (parts ? new DecoderLayout(layout.config().withOwnHead()) : layout).ends();
  }

  /**
   * Those whose base weight PEFT saves with the adapter. It decides by the names alone: one that is
   * a whole path hides the end from it.
   */
  public List<LinearSite> savedBases(DecoderLayout layout) {
    ModuleNames names = modules.targets().targets();
    List<LinearSite> sites = sites(layout);
    boolean seen =
        names.isExpression()
            || sites.stream().anyMatch(site -> names.namesWhole(site.nameInLayer()));
    return sites.stream()
        .filter(site -> seen && tokens.isEmpty() && modules.matches(site.module()))
        .toList();
  }

  private List<Integer> tokens(LinearSite site) {
    return site.layer() == LinearSite.OUTSIDE ? tokens.at(site.module()) : List.of();
  }

  /** The rows that are trained at a site; nothing where there are none. */
  public List<ParameterSpec> rows(LinearSite site) {
    List<Integer> chosen = tokens(site);
    return chosen.isEmpty()
        ? List.of()
        : List.of(
            new ParameterSpec(
                site.module() + ROWS, Shape.of(chosen.size(), site.storedShape()[1]), true));
  }

  /** Which rows of the site's weight those begin as, by their name. */
  public Map<String, List<Integer>> initialRows(LinearSite site) {
    return tokens(site).isEmpty() ? Map.of() : Map.of(site.module() + ROWS, tokens(site));
  }

  /** What programs read: the tokens, and of each word of the vocabulary its row or −1. */
  public Map<String, long[]> indices(LinearSite site) {
    List<Integer> chosen = tokens(site);
    if (chosen.isEmpty()) {
      return Map.of();
    }
    long vocabulary = site.storedShape()[0];
    tokens.requireBelow(vocabulary);
    long[] places = new long[Math.toIntExact(vocabulary)];
    Arrays.fill(places, -1);
    for (int i = 0; i < chosen.size(); i++) {
      places[chosen.get(i)] = i;
    }
    long[] rows = chosen.stream().mapToLong(token -> token).toArray();
    return Map.of(
        site.nameInLayer() + ".token_rows", rows, site.nameInLayer() + ".token_places", places);
  }

  /**
   * Refuses a setting that has no form outside the layers.
   *
   * @param setting as a message names it
   * @throws ConfigException where an end is adapted
   */
  public void refuse(String setting) {
    PATHS.stream().filter(modules::matches).findFirst().ifPresent(path -> refuse(setting, path));
  }

  /** The same at the embedding alone. */
  public void refuseAtEmbedding(String setting) {
    if (modules.matches(EMBEDDING)) {
      refuse(setting, EMBEDDING);
    }
  }

  private static void refuse(String setting, String path) {
    throw new ConfigException(
        "Invalid adapter."
            + setting
            + " (has no form at "
            + path
            + ": take it from adapter.target_modules)");
  }

  /**
   * Refuses rows of a matrix that has an adapter, or is trained whole.
   *
   * @throws ConfigException that names it
   */
  public void requireOneKind() {
    for (String path : PATHS) {
      boolean other = modules.targets().matches(path) || modules.saved().matches(path);
      if (other && !tokens.at(path).isEmpty()) {
        throw otherKind(path);
      }
    }
  }

  /**
   * The same of a model, and tokens that it has not.
   *
   * @throws ConfigException that names them
   */
  public void requireFresh(DecoderLayout layout) {
    tokens.requireBelow(layout.config().vocabSize());
    boolean shared = layout.config().tieWordEmbeddings() && !tokens.isEmpty();
    if (shared && !tokens.untieHead() && untieHead()) {
      throw otherKind("lm_head, which is tied to embed_tokens,");
    }
  }

  private ConfigException otherKind(String path) {
    return new ConfigException(
        "Invalid adapter.trainable_token_indices: "
            + tokens
            + " ("
            + path
            + " is among adapter.target_modules or adapter.modules_to_save already)");
  }
}
