package dev.anneal.core.collective;

import dev.anneal.core.tensor.FloatRegion;

/**
 * What the ranks of one run do together. Every rank calls the same operations in the same order;
 * each call blocks until this rank's part is done, but for those that are started. One thread per
 * rank. Sums are taken in an order that depends on the world size alone, so a run repeats bit for
 * bit.
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

  /**
   * Starts {@link #allReduceSum(FloatRegion)}, to the same bits. The region must lie still until it
   * is awaited. Started operations run in their order; a blocking one waits for them. How many are
   * under way is for the caller to bound.
   */
  default Work startAllReduceSum(FloatRegion region) {
    return timed(() -> allReduceSum(region));
  }

  /** Starts {@link #reduceScatterSum}; as above. */
  default Work startReduceScatterSum(FloatRegion region) {
    return timed(() -> reduceScatterSum(region));
  }

  private static Work timed(Runnable operation) {
    long begin = System.nanoTime();
    operation.run();
    return Work.over((System.nanoTime() - begin) / 1e9);
  }

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
