package dev.anneal.data.dedup;

import dev.anneal.data.text.LongSet;
import dev.anneal.data.text.NGrams;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * The n-grams of evaluation sets; a document that holds one is contaminated by the first such set.
 * 8 bytes an n-gram. Immutable and thread-safe.
 */
public final class EvaluationGrams implements Serializable {
  private static final long serialVersionUID = 1L;

  private final int n;
  private final List<long[]> sets;

  private EvaluationGrams(int n, List<long[]> sets) {
    this.n = n;
    this.sets = sets;
  }

  /** Collects the n-grams of one set, text by text. Not thread-safe. */
  public static final class Collector {
    private final int n;
    private final LongSet grams = new LongSet();
    private long texts;
    private long shortTexts;

    public Collector(int n) {
      this.n = n;
    }

    /** Adds a text; one of fewer than n words is counted, and matches nothing. */
    public void add(String text) {
      long[] hashes = NGrams.hashes(NGrams.plainWords(text), n);
      texts++;
      shortTexts += hashes.length == 0 ? 1 : 0;
      for (long hash : hashes) {
        grams.add(hash);
      }
    }

    public long texts() {
      return texts;
    }

    public long shortTexts() {
      return shortTexts;
    }

    public int size() {
      return grams.size();
    }
  }

  /** The sets in their order. */
  public static EvaluationGrams of(int n, List<Collector> sets) {
    return new EvaluationGrams(n, sets.stream().map(set -> set.grams.sorted()).toList());
  }

  /** Index of the first set that shares an n-gram with a text. */
  public OptionalInt contaminatedBy(String text) {
    if (sets.isEmpty()) {
      return OptionalInt.empty();
    }
    long[] hashes = NGrams.hashes(NGrams.plainWords(text), n);
    for (int set = 0; set < sets.size(); set++) {
      for (long hash : hashes) {
        if (Arrays.binarySearch(sets.get(set), hash) >= 0) {
          return OptionalInt.of(set);
        }
      }
    }
    return OptionalInt.empty();
  }
}
