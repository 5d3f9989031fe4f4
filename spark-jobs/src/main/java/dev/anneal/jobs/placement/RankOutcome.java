package dev.anneal.jobs.placement;

import dev.anneal.jobs.failure.ExitCode;
import java.io.Serializable;

/** How a rank ended. Failures that a new start would only repeat travel as values. */
sealed interface RankOutcome<T extends Serializable> extends Serializable {
  int rank();

  /** The rank did its work. */
  record Done<T extends Serializable>(int rank, T value) implements RankOutcome<T> {}

  /**
   * The rank failed for good.
   *
   * @param consequence whether it only followed another rank's failure
   * @param trace stack trace, for the log
   */
  record Failed<T extends Serializable>(
      int rank, String host, ExitCode code, String message, boolean consequence, String trace)
      implements RankOutcome<T> {}
}
