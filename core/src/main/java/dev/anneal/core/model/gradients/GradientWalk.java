package dev.anneal.core.model.gradients;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The order in which a backward comes by the trained parameters: final norm and head, the layers
 * from the last to the first, and what stands before them. Tied matrices are in the first part and
 * in the last. Immutable, the same on every rank.
 *
 * @param parts names of the parameters that each part adds to
 */
public record GradientWalk(List<List<String>> parts) {
  /** Final norm and output matrix. */
  public static final int HEAD = 0;

  public GradientWalk {
    List<List<String>> copies = new ArrayList<>();
    parts.forEach(part -> copies.add(List.copyOf(part)));
    parts = List.copyOf(copies);
  }

  /** The part of a layer of a model. */
  public static int layer(int index, int layers) {
    return layers - index;
  }

  /** Embedding and virtual tokens of a model. */
  public static int bottom(int layers) {
    return layers + 1;
  }

  /** After which part each parameter is final. */
  public Map<String, Integer> lastParts() {
    Map<String, Integer> last = new HashMap<>();
    for (int part = 0; part < parts.size(); part++) {
      for (String name : parts.get(part)) {
        last.put(name, part);
      }
    }
    return last;
  }
}
