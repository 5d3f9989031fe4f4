package dev.anneal.core.peft.modules;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.SettingValue;
import dev.anneal.core.model.config.WeightNames;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * PEFT's {@code trainable_token_indices}: tokens whose rows of the embedding, or of the output
 * matrix, are trained. A list means those of the embedding. Where the two are tied and not both
 * named with different tokens, they keep their rows together. Immutable.
 *
 * @param byModule tokens by the name of their module, as it is given
 * @param listed whether they were given as a list
 */
public record TokenIndices(Map<String, List<Integer>> byModule, boolean listed)
    implements SettingValue {
  private static final String KEY = "adapter.trainable_token_indices";
  private static final String EMBEDDING = WeightNames.EMBED_TOKENS_PATH;
  private static final String USUAL = "embed_tokens";

  public TokenIndices {
    byModule = Collections.unmodifiableMap(new LinkedHashMap<>(byModule));
    byModule.forEach(TokenIndices::require);
  }

  private static void require(String module, List<Integer> tokens) {
    if (!means(module, EMBEDDING) && !means(module, WeightNames.LM_HEAD_PATH)) {
      throw new ConfigException(
          "Invalid " + KEY + ": " + module + " (must be embed_tokens or lm_head)");
    }
    if (tokens.isEmpty()) {
      throw new ConfigException(
          "Invalid " + KEY + "." + module + ": [] (must name at least one token)");
    }
    HashSet<Integer> seen = new HashSet<>();
    for (int token : tokens) {
      if (token < 0 || !seen.add(token)) {
        throw new ConfigException(
            "Invalid " + KEY + ": " + token + " (must be >= 0, and named once)");
      }
    }
  }

  /** Nothing for an empty text; else one token. */
  public static TokenIndices ofText(String text) {
    return ofNames(text.isEmpty() ? List.of() : List.of(text));
  }

  /** Tokens of the embedding. */
  public static TokenIndices ofNames(List<String> texts) {
    List<Integer> tokens = new ArrayList<>();
    for (String text : texts) {
      try {
        tokens.add(Integer.valueOf(text));
      } catch (NumberFormatException e) {
        throw new ConfigException("Invalid " + KEY + ": " + text + " (must be a whole number)", e);
      }
    }
    return new TokenIndices(tokens.isEmpty() ? Map.of() : Map.of(USUAL, tokens), true);
  }

  /** Tokens by module. */
  public static TokenIndices ofMap(Map<String, List<Integer>> byModule) {
    return new TokenIndices(byModule, false);
  }

  public boolean isEmpty() {
    return byModule.isEmpty();
  }

  /** Those of the module at a path. */
  public List<Integer> at(String module) {
    return byModule.entrySet().stream()
        .filter(entry -> means(entry.getKey(), module))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(List.of());
  }

  private static boolean means(String name, String module) {
    return module.equals(name) || module.endsWith("." + name);
  }

  /** Whether two tied matrices must part, since their rows are not the same. */
  public boolean untieHead() {
    List<Integer> head = at(WeightNames.LM_HEAD_PATH);
    return !head.isEmpty() && !head.equals(at(EMBEDDING));
  }

  /**
   * @throws ConfigException for a token that a vocabulary of that size has not
   */
  public void requireBelow(long vocabulary) {
    byModule
        .values()
        .forEach(
            tokens ->
                tokens.forEach(
                    token -> {
                      if (token >= vocabulary) {
                        throw new ConfigException(
                            "Invalid "
                                + KEY
                                + ": "
                                + token
                                + " (must be < "
                                + vocabulary
                                + ", the model's vocabulary)");
                      }
                    }));
  }

  @Override
  public Object json() {
    if (isEmpty()) {
      return null;
    }
    return listed ? byModule.get(USUAL) : byModule;
  }

  /** As a reader wants to see it. */
  @Override
  public String toString() {
    return String.valueOf(json());
  }
}
