package dev.anneal.jobs.placement;

import java.io.Serializable;

/**
 * The work of one rank. It is sent to the executors, so it may hold serializable values only. A
 * collective that fails because a peer was lost makes Spark start all ranks again; any other
 * exception ends the run with its message.
 *
 * @param <T> what a rank gives back to the driver; small
 */
@FunctionalInterface
public interface RankTask<T extends Serializable> extends Serializable {
  T run(RankContext context) throws Exception;
}
