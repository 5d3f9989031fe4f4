package dev.anneal.core.data;

/**
 * The order in which an epoch visits the rows: a pure function of the seed and the epoch, so that
 * every rank and every resumed run finds the same. Thread-safe.
 */
public sealed interface RowOrder permits EpochOrder, LengthGroupedOrder {
  /** Number of rows, above 0. */
  long rows();

  /** The row at a position of an epoch; epochs and positions count from 0. */
  long row(long epoch, long position);
}
