package dev.anneal.data.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;
import java.util.List;

/**
 * Leaves out documents that share an n-gram with evaluation sets. Immutable.
 *
 * @param paths the sets: files, folders or globs; every text in their rows counts
 * @param ngram words of an n-gram; a character of a script without spaces is a word
 */
public record DecontaminateConfig(List<String> paths, int ngram) implements Serializable {
  public static final DecontaminateConfig OFF = new DecontaminateConfig(List.of(), 13);

  public DecontaminateConfig {
    paths = List.copyOf(paths);
    Rule.noBlank("tokenize.decontaminate.paths", paths);
    Rule.positive("tokenize.decontaminate.ngram", ngram);
  }
}
