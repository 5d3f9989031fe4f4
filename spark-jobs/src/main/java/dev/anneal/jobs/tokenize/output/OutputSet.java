package dev.anneal.jobs.tokenize.output;

import dev.anneal.core.config.ConfigException;
import dev.anneal.data.config.SplitConfig;
import dev.anneal.data.text.ContentSplit;
import dev.anneal.jobs.tokenize.tally.SplitCounts;

/**
 * Which part of the documents a run writes. Immutable.
 *
 * @param name a set of {@code tokenize.split}; empty for all documents
 * @param shared folder of what the sets share; empty for all documents
 */
public record OutputSet(String name, String shared) {
  /** All documents, in one folder. */
  public static final OutputSet ALL = new OutputSet("", "");

  /** Where decisions over the whole corpus are kept. */
  public String base(String staging) {
    return shared.isEmpty() ? staging : shared;
  }

  /** Refuses a set without a document. */
  public void requireTokens(SplitCounts counts, SplitConfig shares) {
    if (counts.tokens() == 0 && !holdsMost()) {
      boolean validation = name.equals(ContentSplit.VALIDATION);
      throw new ConfigException(
          "Invalid tokenize.split.%s: %s (no document of the corpus falls into it)"
              .formatted(name, validation ? shares.validation() : shares.test()));
    }
  }

  /** Whether an input without a document in it is a mistake. */
  public boolean holdsMost() {
    return name.isEmpty() || name.equals(ContentSplit.TRAIN);
  }
}
