package dev.anneal.core.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class EpochOrderTest {

  @Test
  void isAPureFunctionOfSeedAndEpoch() {
    assertThat(order(100, 42, 3)).isEqualTo(order(100, 42, 3));
    assertThat(order(100, 42, 3)).isNotEqualTo(order(100, 42, 4));
    assertThat(order(100, 42, 3)).isNotEqualTo(order(100, 43, 3));
  }

  @Test
  void staysTheSameAcrossVersions() {
    // A resume must find the order that the interrupted run used.
    assertThat(order(10, 42, 0)).containsExactly(RECORDED);
  }

  @Test
  void spreadsEveryRowOverAllPositions() {
    int rows = 7;
    int seeds = 7000;
    int[][] hits = new int[rows][rows];
    for (int seed = 0; seed < seeds; seed++) {
      long[] order = order(rows, seed, 0);
      for (int position = 0; position < rows; position++) {
        hits[position][(int) order[position]]++;
      }
    }
    for (int[] position : hits) {
      for (int count : position) {
        assertThat(count).isBetween(850, 1150); // 1000 expected, 29 is one standard deviation
      }
    }
  }

  @Test
  void breaksUpNeighboursInALargeSet() {
    EpochOrder order = EpochOrder.shuffled(1_000_000, 1);
    long near = 0;
    for (long i = 0; i < 10_000; i++) {
      if (Math.abs(order.row(0, i) - order.row(0, i + 1)) < 1000) {
        near++;
      }
    }
    assertThat(near).isBetween(5L, 50L); // 20 expected
  }

  private static final long[] RECORDED = {3, 4, 9, 7, 0, 2, 5, 1, 6, 8};

  private static long[] order(long rows, long seed, long epoch) {
    EpochOrder order = EpochOrder.shuffled(rows, seed);
    return LongStream.range(0, rows).map(position -> order.row(epoch, position)).toArray();
  }
}
