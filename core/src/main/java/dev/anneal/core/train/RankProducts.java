package dev.anneal.core.train;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.model.MatrixProducts;
import dev.anneal.core.model.config.Precision;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How the ranks of a run multiply matrices. Where it differs, between ranks or from the checkpoint
 * that they go on from, a run repeats to rounding and no longer bit for bit. Immutable.
 *
 * @param names the choice of each rank, in order
 */
record RankProducts(List<String> names) {
  RankProducts {
    names = List.copyOf(names);
  }

  /** What each rank's host chose for those types; called on every rank. */
  static RankProducts of(Collective ranks, Precision precision) {
    byte[] own = MatrixProducts.ofThisHost(precision).label().getBytes(StandardCharsets.UTF_8);
    List<String> names = new ArrayList<>();
    for (byte[] name : ranks.allGather(own)) {
      names.add(new String(name, StandardCharsets.UTF_8));
    }
    return new RankProducts(names);
  }

  /**
   * For the log.
   *
   * @param before what the checkpoint's rank 0 used; empty for a new run and for a checkpoint that
   *     does not say
   */
  String note(Optional<String> before) {
    StringBuilder note = new StringBuilder("products=").append(names.get(0));
    for (int rank = 1; rank < names.size(); rank++) {
      if (!names.get(rank).equals(names.get(0))) {
        note.append(" warning: rank ").append(rank).append(" has ").append(names.get(rank));
        note.append(", another processor's choice: results repeat to rounding only");
        break;
      }
    }
    if (before.isPresent() && !before.get().equals(names.get(0))) {
      note.append(" warning: the checkpoint's were ").append(before.get());
      note.append(", another processor's choice: the run goes on to rounding, not bit for bit");
    }
    return note.toString();
  }
}
