package dev.anneal.core.model.weights;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.WeightNames;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Stored tensors under the names that a config demands, matched as transformers 5 matches them:
 * with the base model's prefix, without it, or with one too many. Immutable.
 *
 * @param stored the name in the files by the demanded one
 * @param unused stored names that nothing demands; the frequencies that old Llama files carry are
 *     left out
 */
record WeightNaming(Map<String, String> stored, List<String> unused) {
  private static final String PREFIX = "model.";

  WeightNaming {
    stored = Map.copyOf(stored);
    unused = unused.stream().sorted().toList();
  }

  static WeightNaming of(DecoderConfig config, Set<String> names) {
    Set<String> demanded = new HashSet<>();
    WeightNames.expected(config).forEach(weight -> demanded.add(weight.name()));
    Map<String, String> stored = new LinkedHashMap<>();
    Map<String, String> heads = new LinkedHashMap<>();
    List<String> unused = new ArrayList<>();
    for (String name : names) {
      Optional<String> match = match(name, demanded);
      if (match.isPresent()) {
        put(stored, match.get(), name);
      } else if (config.tieWordEmbeddings() && isHead(name)) {
        put(heads, WeightNames.EMBED_TOKENS, name);
      } else if (!name.contains("rotary_emb.inv_freq")) {
        unused.add(name);
      }
    }
    heads.forEach(stored::putIfAbsent);
    return new WeightNaming(stored, unused);
  }

  /** The same where the output matrix begins as the embedding and is a matrix of its own. */
  WeightNaming withHeadOfEmbedding() {
    Map<String, String> both = new LinkedHashMap<>(stored);
    String embedding = stored.get(WeightNames.EMBED_TOKENS);
    if (embedding != null) {
      both.putIfAbsent(WeightNames.LM_HEAD, embedding);
    }
    return new WeightNaming(both, unused);
  }

  private static Optional<String> match(String name, Set<String> demanded) {
    if (demanded.contains(name)) {
      return Optional.of(name);
    }
    if (demanded.contains(PREFIX + name)) {
      return Optional.of(PREFIX + name);
    }
    return name.startsWith(PREFIX) && demanded.contains(name.substring(PREFIX.length()))
        ? Optional.of(name.substring(PREFIX.length()))
        : Optional.empty();
  }

  private static boolean isHead(String name) {
    return match(name, Set.of(WeightNames.LM_HEAD)).isPresent();
  }

  private static void put(Map<String, String> stored, String demanded, String name) {
    String other = stored.put(demanded, name);
    if (other != null) {
      throw new ConfigException(
          "Cannot load weights: " + other + " and " + name + " are both " + demanded);
    }
  }

  /** Whether a tied embedding is stored as the output matrix alone. */
  boolean headAlone() {
    return stored.containsKey(WeightNames.EMBED_TOKENS)
        && isHead(stored.get(WeightNames.EMBED_TOKENS));
  }
}
