package dev.anneal.jobs.placement;

/**
 * One rank's place. Immutable.
 *
 * @param gpu address of its GPU; empty for none
 */
record RankSeat(int rank, String host, int localRank, int localWorldSize, String gpu) {}
