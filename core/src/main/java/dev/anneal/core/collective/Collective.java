package dev.anneal.core.collective;

import dev.anneal.core.tensor.FloatRegion;

/**
 * What the ranks of one run do together. Every rank calls the same operations in the same order;
 * each call blocks until this rank's part is done. One thread per rank. Sums are taken in an order
 * that depends on the world size alone, so a run repeats bit for bit.
 *
 * <p>A rank that computes, saves or exports is waited for, however long that takes, while it shows
 * that it is alive. A peer that died or was cut off, and {@link #abort}, surface as {@link
 * CollectiveException} on every rank, also on ranks blocked in a call: at once where a connection
 * closes or a rank speaks, within a minute where a host falls silent.
 */
public interface Collective extends AutoCloseable {
  int rank();

  int worldSize();

  /** Sums a region element-wise over all ranks, in place; any length, also 0. */
  void allReduceSum(FloatRegion region);

  /**
   * Sums over all ranks; afterwards chunk {@code rank()} of the {@code worldSize()} equal chunks
   * holds the sum and the other chunks are unspecified.
   *
   * @throws IllegalArgumentException when the length is not a multiple of the world size
   */
  void reduceScatterSum(FloatRegion region);

  /** Sends chunk {@code rank()} to everyone and fills the other chunks; length as above. */
  void allGather(FloatRegion region);

  /** Copies the root's values to every rank. */
  void broadcast(FloatRegion region, int root);

  /** Sums small fp64 vectors in the order of ranks; the same bits on every rank. */
  double[] allReduceSum(double[] values);

  /** Gives every rank the bytes of every rank, by rank. For small control data. */
  byte[][] allGather(byte[] bytes);

  void barrier();

  /** Makes this and every other rank fail soon for the given reason; callable from any thread. */
  void abort(GroupFailure failure);

  @Override
  void close();
}
