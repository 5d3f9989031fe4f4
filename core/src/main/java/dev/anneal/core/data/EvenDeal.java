package dev.anneal.core.data;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Orders the rows of a global batch so that runs of neighbours, whichever way the batch is cut into
 * slices of equal size, hold about equally many tokens: the longest row stands beside the shortest,
 * such pairs are paired in the same way, and so on. Stateless.
 */
final class EvenDeal {
  private EvenDeal() {}

  private record Group(long tokens, int[] members) {
    Group and(Group next) {
      int[] both = IntStream.concat(IntStream.of(members), IntStream.of(next.members)).toArray();
      return new Group(tokens + next.tokens, both);
    }
  }

  /** Indices into {@code lengths}, each once; equal lengths keep their order. */
  static int[] of(int[] lengths) {
    List<Group> groups = new ArrayList<>();
    for (int i = 0; i < lengths.length; i++) {
      groups.add(new Group(lengths[i], new int[] {i}));
    }
    Group odd = new Group(0, new int[0]);
    while (groups.size() > 1) {
      groups.sort(Comparator.comparingLong(Group::tokens));
      if (groups.size() % 2 == 1) {
        // Last, so that the groups before it stay aligned to powers of two.
        odd = groups.remove(groups.size() / 2).and(odd);
      }
      groups = pairs(groups);
    }
    return groups.isEmpty() ? odd.members : groups.get(0).and(odd).members;
  }

  private static List<Group> pairs(List<Group> groups) {
    List<Group> pairs = new ArrayList<>();
    for (int i = 0; i < groups.size() / 2; i++) {
      pairs.add(groups.get(i).and(groups.get(groups.size() - 1 - i)));
    }
    return pairs;
  }
}
