package dev.anneal.jobs.placement;

import dev.anneal.core.tensor.Device;

/**
 * One rank's place. Immutable.
 *
 * @param device where it computes
 */
record RankSeat(int rank, String host, int localRank, int localWorldSize, Device device) {}
