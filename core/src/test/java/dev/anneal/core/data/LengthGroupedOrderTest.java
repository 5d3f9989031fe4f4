package dev.anneal.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.DoubleSummaryStatistics;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LengthGroupedOrderTest {

  @Property(tries = 200)
  void visitsEveryRowOnceAnEpochAndRepeats(
      @ForAll @IntRange(min = 1, max = 1200) int rows,
      @ForAll @IntRange(min = 1, max = 9) int globalBatch,
      @ForAll long seed) {
    int[] lengths = lengths(rows);
    for (long epoch = 0; epoch < 2; epoch++) {
      long[] order = order(lengths, globalBatch, seed, epoch);
      assertThat(order).containsExactlyInAnyOrder(LongStream.range(0, rows).toArray());
      assertThat(order(lengths, globalBatch, seed, epoch)).isEqualTo(order);
    }
  }

  @Property(tries = 50)
  void givesTheSameStepForAnyWorldSizeAndAccumulation(@ForAll long seed) {
    int[] lengths = lengths(500);
    RowOrder order = grouped(lengths, 12, seed);
    BatchPlan one = new BatchPlan(order, 1, 12, 1);
    BatchPlan other = new BatchPlan(grouped(lengths, 12, seed), 2, 2, 3);
    for (long step = 0; step < 2 * one.stepsPerEpoch(); step++) {
      assertThat(BatchPlanTest.globalBatch(other, step))
          .isEqualTo(BatchPlanTest.globalBatch(one, step));
    }
  }

  @Test
  void jumpsAboutGiveWhatAWalkGives() {
    int[] lengths = lengths(1000);
    RowOrder walked = grouped(lengths, 4, 1);
    RowOrder jumped = grouped(lengths, 4, 1);
    long[] walk = LongStream.range(0, 1000).map(i -> walked.row(0, i)).toArray();
    for (int place : new int[] {999, 0, 500, 3, 700, 0}) {
      assertThat(jumped.row(0, place)).isEqualTo(walk[place]);
      jumped.row(1, place);
    }
  }

  @Test
  void aBatchHoldsRowsOfAboutOneLengthAndSlicesOfAboutOneSize() {
    int[] lengths = lengths(1600);
    long[] grouped = order(lengths, 32, 42, 0);
    EpochOrder plain = EpochOrder.shuffled(1600, 42);
    long[] shuffled = LongStream.range(0, 1600).map(place -> plain.row(0, place)).toArray();
    assertThat(spread(grouped, lengths, 32)).isLessThan(spread(shuffled, lengths, 32) / 10);
    assertThat(unevenness(grouped, lengths)).isLessThan(0.01);
    assertThat(unevenness(shuffled, lengths)).isGreaterThan(0.2);
  }

  @Test
  void batchesOfAWindowComeInNoOrderOfLength() {
    int[] lengths = IntStream.range(0, 800).toArray();
    long[] order = order(lengths, 16, 7, 0);
    int rising = 0;
    for (int batch = 1; batch < 50; batch++) {
      rising += order[16 * batch] > order[16 * batch - 16] ? 1 : 0;
    }
    assertThat(rising).isBetween(12, 37);
    assertThat(order(lengths, 16, 7, 1)).isNotEqualTo(order);
    assertThat(order(lengths, 16, 8, 0)).isNotEqualTo(order);
  }

  @Test
  void aShortLastBatchStaysTheLast() {
    BatchPlan plan = new BatchPlan(grouped(lengths(10), 4, 3), 2, 1, 2);
    assertThat(plan.rowCount(2)).isEqualTo(2);
    assertThat(plan.rows(2, 0, 0)).hasSize(2);
    assertThat(plan.rows(2, 0, 1)).isEmpty();
    assertThat(new BatchPlan(grouped(new int[] {7}, 4, 3), 4, 1, 1).rows(9, 0, 0))
        .containsExactly(0);
  }

  @Test
  void staysTheSameAcrossVersions() {
    // A resume must find the order that the interrupted run used.
    int[] lengths = {5, 3, 9, 9, 1, 7, 2, 8, 4, 6};
    assertThat(order(lengths, 4, 42, 0)).containsExactly(RECORDED);
  }

  @Test
  void refusesWhatCannotBeGrouped() {
    assertThatThrownBy(() -> grouped(new int[] {1}, 0, 1))
        .hasMessage(
            "Invalid global batch: 0 rows (must be > 0 and <= 42949672 with"
                + " train.group_by_length)");
    assertThatThrownBy(() -> grouped(new int[] {1}, 2, 1).row(0, 1))
        .hasMessage("Invalid position: 1 of 1");
  }

  private static final long[] RECORDED = {4, 8, 6, 1, 0, 7, 9, 5, 3, 2};

  /** As chats are: log-normal, mean about 180, at most 1024. */
  private static int[] lengths(int rows) {
    Random random = new Random(rows);
    return IntStream.range(0, rows)
        .map(i -> (int) Math.min(1024, 2 + Math.exp(4.9 + 0.75 * random.nextGaussian())))
        .toArray();
  }

  private static RowOrder grouped(int[] lengths, long globalBatch, long seed) {
    EpochOrder shuffled = EpochOrder.shuffled(lengths.length, seed);
    return new LengthGroupedOrder(shuffled, row -> lengths[(int) row], globalBatch);
  }

  private static long[] order(int[] lengths, long globalBatch, long seed, long epoch) {
    RowOrder order = grouped(lengths, globalBatch, seed);
    return LongStream.range(0, lengths.length).map(place -> order.row(epoch, place)).toArray();
  }

  /** Mean variance of the lengths inside a batch. */
  private static double spread(long[] order, int[] lengths, int batch) {
    double total = 0;
    for (int first = 0; first < order.length; first += batch) {
      double sum = 0;
      double squares = 0;
      for (int i = first; i < first + batch; i++) {
        double length = lengths[(int) order[i]];
        sum += length;
        squares += length * length;
      }
      total += squares / batch - sum / batch * (sum / batch);
    }
    return total / (order.length / batch);
  }

  /** Mean of heaviest rank ÷ mean rank - 1, for steps of 4 ranks of 8 rows. */
  private static double unevenness(long[] order, int[] lengths) {
    double total = 0;
    for (int step = 0; step < order.length / 32; step++) {
      double[] ranks = new double[4];
      for (int i = 0; i < 32; i++) {
        ranks[i / 8] += lengths[(int) order[32 * step + i]];
      }
      DoubleSummaryStatistics all = DoubleStream.of(ranks).summaryStatistics();
      total += all.getMax() / all.getAverage() - 1;
    }
    return total / (order.length / 32);
  }
}
