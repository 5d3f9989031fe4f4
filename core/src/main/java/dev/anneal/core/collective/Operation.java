package dev.anneal.core.collective;

import java.util.Objects;

/**
 * One call of a collective, as every rank must make it. Immutable.
 *
 * @param sequence counts the operations of a group from 1
 * @param root the sending rank of a broadcast, else {@link #NO_ROOT}
 * @param length number of values, or {@link #ANY_LENGTH} where ranks may differ
 */
public record Operation(long sequence, Kind kind, int root, long length) {
  /** No rank is special. */
  public static final int NO_ROOT = -1;

  /** Ranks may give different lengths. */
  public static final long ANY_LENGTH = -1;

  /** The operations of {@link Collective}. The order is part of the wire format. */
  public enum Kind {
    ALL_REDUCE("allReduceSum"),
    REDUCE_SCATTER("reduceScatterSum"),
    ALL_GATHER("allGather"),
    BROADCAST("broadcast"),
    SUM_DOUBLES("allReduceSum of doubles"),
    GATHER_BYTES("allGather of bytes"),
    BARRIER("barrier");

    private final String text;

    Kind(String text) {
      this.text = text;
    }
  }

  public Operation {
    Objects.requireNonNull(kind, "kind");
  }

  /** For messages: {@code allReduceSum of 10 values (operation 3)}. */
  public String describe() {
    String values = length == ANY_LENGTH ? "" : ", " + length + " values";
    String from = root == NO_ROOT ? "" : " from rank " + root;
    return kind.text + from + " (operation " + sequence + values + ")";
  }

  /** The message for two ranks whose calls differ. */
  public static String outOfStep(int rank, Operation mine, int otherRank, Operation other) {
    return "Ranks are out of step: rank "
        + rank
        + " is in "
        + mine.describe()
        + ", rank "
        + otherRank
        + " in "
        + other.describe();
  }
}
