package dev.anneal.core.collective;

import java.nio.ByteBuffer;

/** Sums of small fp64 vectors in the order of ranks, from what every rank sent as bytes. */
public final class DoubleSums {
  private DoubleSums() {}

  /** Big-endian bytes of the values. */
  public static byte[] encode(double[] values) {
    ByteBuffer buffer = ByteBuffer.allocate(values.length * Double.BYTES);
    buffer.asDoubleBuffer().put(values);
    return buffer.array();
  }

  /** The sum of vectors of one length, rank 0 first. */
  public static double[] sum(byte[][] byRank) {
    double[] sums = decode(byRank[0]);
    for (int rank = 1; rank < byRank.length; rank++) {
      double[] values = decode(byRank[rank]);
      if (values.length != sums.length) {
        throw new CollectiveException(
            "Expected " + sums.length + " values of rank " + rank + " but was " + values.length);
      }
      for (int i = 0; i < sums.length; i++) {
        sums[i] += values[i];
      }
    }
    return sums;
  }

  private static double[] decode(byte[] bytes) {
    double[] values = new double[bytes.length / Double.BYTES];
    ByteBuffer.wrap(bytes).asDoubleBuffer().get(values);
    return values;
  }
}
