package dev.anneal.data.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;
import java.util.List;

/**
 * The repetition rules of Gopher (Rae et al. 2021, table A1). Immutable.
 *
 * @param dupLineFrac most share of lines that stood before; a value of 1 sets no bound
 * @param topNGrams most share of the characters in the commonest n-gram, n = 2, 3, 4
 * @param dupNGrams most share of the characters in repeated n-grams, n = 5 to 10
 */
public record GopherRepetitionConfig(
    boolean enabled,
    double dupLineFrac,
    double dupParaFrac,
    double dupLineCharFrac,
    double dupParaCharFrac,
    List<Double> topNGrams,
    List<Double> dupNGrams)
    implements Serializable {
  public static final GopherRepetitionConfig OFF =
      new GopherRepetitionConfig(
          false,
          0.3,
          0.3,
          0.2,
          0.2,
          List.of(0.2, 0.18, 0.16),
          List.of(0.15, 0.14, 0.13, 0.12, 0.11, 0.1));

  public GopherRepetitionConfig {
    topNGrams = List.copyOf(topNGrams);
    dupNGrams = List.copyOf(dupNGrams);
    String key = "tokenize.filters.gopher_repetition.";
    Rule.between(key + "dup_line_frac", dupLineFrac, 0, 1);
    Rule.between(key + "dup_para_frac", dupParaFrac, 0, 1);
    Rule.between(key + "dup_line_char_frac", dupLineCharFrac, 0, 1);
    Rule.between(key + "dup_para_char_frac", dupParaCharFrac, 0, 1);
    shares(key + "top_n_grams", topNGrams, 3, "2, 3, 4");
    shares(key + "dup_n_grams", dupNGrams, 6, "5 to 10");
  }

  private static void shares(String key, List<Double> values, int count, String sizes) {
    boolean holds =
        values.size() == count && values.stream().allMatch(value -> value >= 0 && value <= 1);
    Rule.check(
        holds, key, values.toString(), "must be " + count + " shares in [0, 1], for n = " + sizes);
  }
}
