package dev.anneal.jobs.prepare;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Pairs of texts of a wanted Jaccard of their 5-gram sets: the second begins as the first does and
 * goes on with words of its own. Document 2i and 2i + 1 are a pair; others have nothing in common.
 */
final class PlantedPairs {
  private static final int NGRAM = 5;

  private final SplittableRandom random;
  private final List<String> texts = new ArrayList<>();

  PlantedPairs(long seed) {
    this.random = new SplittableRandom(seed);
  }

  void add(double jaccard, boolean chinese) {
    int grams = 60 + random.nextInt(140);
    int shared = (int) Math.round(2 * grams * jaccard / (1 + jaccard));
    List<String> one = new ArrayList<>();
    List<String> two = new ArrayList<>();
    for (int i = 0; i < grams + NGRAM - 1; i++) {
      String word = word(chinese);
      one.add(word);
      two.add(i < shared + NGRAM - 1 ? word : word(chinese));
    }
    texts.add(String.join(chinese ? "" : " ", one));
    texts.add(String.join(chinese ? "，" : "  ", two));
  }

  private String word(boolean chinese) {
    if (chinese) {
      return Character.toString(0x4E00 + random.nextInt(5000));
    }
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      word.append((char) ('a' + random.nextInt(26)));
    }
    return word.toString();
  }

  List<String> texts() {
    return texts;
  }
}
