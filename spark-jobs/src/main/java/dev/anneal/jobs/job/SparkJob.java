package dev.anneal.jobs.job;

import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.failure.Failure;
import java.util.List;

/**
 * One job of the command line. Implementations hold no state and are listed by the command line.
 */
public interface SparkJob {
  /** What the user types. */
  String name();

  /** One line for the help. */
  String description();

  /** The folder that gets result.json; empty when the job writes none. */
  default String outputFolder(AnnealConfig config) {
    return "";
  }

  /** Shorter ways to write settings of the job. */
  default List<JobFlag> flags() {
    return List.of();
  }

  /** Whether the job places ranks, so that the settings of Spark are checked before it starts. */
  default boolean placesRanks() {
    return false;
  }

  /** Whether settings that place no ranks end the job before Spark starts. */
  default boolean refusesPlacement() {
    return placesRanks();
  }

  /** Does the work; an exception is reported by its class, see {@link Failure}. */
  JobResult run(JobContext context) throws Exception;
}
