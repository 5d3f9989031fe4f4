package dev.anneal.data.dedup;

/** How much two sets share, exactly. Stateless. */
public final class Jaccard {
  private Jaccard() {}

  /** Members of both over members of either, for sorted arrays without repeats; 0 of nothing. */
  public static double of(long[] one, long[] two) {
    int i = 0;
    int j = 0;
    int both = 0;
    while (i < one.length && j < two.length) {
      if (one[i] == two[j]) {
        both++;
        i++;
        j++;
      } else if (one[i] < two[j]) {
        i++;
      } else {
        j++;
      }
    }
    int either = one.length + two.length - both;
    return either == 0 ? 0 : (double) both / either;
  }

  /** Whether the sizes alone rule a Jaccard of at least the threshold out. */
  public static boolean impossible(int sizeOne, int sizeTwo, double threshold) {
    return Math.min(sizeOne, sizeTwo) < threshold * Math.max(sizeOne, sizeTwo);
  }
}
