package dev.anneal.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BatchPlanTest {

  @Property(tries = 300)
  void visitsEveryRowOnceAnEpoch(
      @ForAll @IntRange(min = 1, max = 300) int rows,
      @ForAll @IntRange(min = 1, max = 5) int batch,
      @ForAll @IntRange(min = 1, max = 4) int accumulation,
      @ForAll @IntRange(min = 1, max = 5) int world,
      @ForAll long seed) {
    BatchPlan plan = new BatchPlan(EpochOrder.shuffled(rows, seed), batch, accumulation, world);
    for (long epoch = 0; epoch < 2; epoch++) {
      List<Long> seen = new ArrayList<>();
      for (long s = 0; s < plan.stepsPerEpoch(); s++) {
        List<Long> step = globalBatch(plan, epoch * plan.stepsPerEpoch() + s);
        assertThat(step).hasSize((int) plan.rowCount(s)).isNotEmpty();
        seen.addAll(step);
      }
      assertThat(seen).containsExactlyInAnyOrderElementsOf(range(rows));
    }
  }

  @Property(tries = 200)
  void givesTheSameGlobalBatchForAnyWorldSize(
      @ForAll @IntRange(min = 1, max = 200) int rows,
      @ForAll @IntRange(min = 1, max = 3) int batch,
      @ForAll long seed) {
    EpochOrder order = EpochOrder.shuffled(rows, seed);
    BatchPlan one = new BatchPlan(order, batch, 6, 1);
    BatchPlan two = new BatchPlan(order, batch, 3, 2);
    BatchPlan three = new BatchPlan(order, batch, 2, 3);
    for (long step = 0; step < 2 * one.stepsPerEpoch(); step++) {
      assertThat(globalBatch(two, step)).isEqualTo(globalBatch(one, step));
      assertThat(globalBatch(three, step)).isEqualTo(globalBatch(one, step));
    }
  }

  @Test
  void cutsTheStoredOrderAsDesigned() {
    BatchPlan plan = new BatchPlan(EpochOrder.asStored(10), 2, 2, 2);
    assertThat(plan.stepsPerEpoch()).isEqualTo(2);
    assertThat(plan.rows(0, 0, 0)).containsExactly(0, 1);
    assertThat(plan.rows(0, 0, 1)).containsExactly(2, 3);
    assertThat(plan.rows(0, 1, 0)).containsExactly(4, 5);
    assertThat(plan.rows(0, 1, 1)).containsExactly(6, 7);
    assertThat(plan.rows(1, 0, 0)).containsExactly(8, 9);
    assertThat(plan.rows(1, 0, 1)).isEmpty();
    assertThat(plan.rowCount(1)).isEqualTo(2);
    assertThat(plan.rows(2, 0, 0)).as("the next epoch starts afresh").containsExactly(0, 1);
    assertThat(plan.epochAfter(0)).isEqualTo(0.5);
    assertThat(plan.epochAfter(1)).isEqualTo(1.0);
    assertThat(plan.epoch(2)).isEqualTo(1);
  }

  @Test
  void trainsOnOneRow() {
    BatchPlan plan = new BatchPlan(EpochOrder.shuffled(1, 42), 8, 2, 2);
    assertThat(plan.stepsPerEpoch()).isEqualTo(1);
    assertThat(plan.rows(5, 0, 0)).containsExactly(0);
    assertThat(plan.rows(5, 0, 1)).isEmpty();
  }

  @Test
  void refusesWhatCannotBePlanned() {
    assertThatThrownBy(() -> EpochOrder.asStored(0)).hasMessage("Invalid rows: 0 (must be > 0)");
    EpochOrder order = EpochOrder.asStored(4);
    assertThatThrownBy(() -> new BatchPlan(order, 0, 1, 1))
        .hasMessage("Invalid per_device_train_batch_size: 0 (must be > 0)");
    assertThatThrownBy(() -> new BatchPlan(order, 1, 1, 1).rows(0, 0, 1))
        .hasMessage("Invalid rank: 1 of 1");
  }

  /** Rows of a step, rank by rank and slice by slice. */
  static List<Long> globalBatch(BatchPlan plan, long step) {
    List<Long> rows = new ArrayList<>();
    for (int a = 0; a < plan.accumulationSteps(); a++) {
      for (int rank = 0; rank < plan.worldSize(); rank++) {
        LongStream.of(plan.rows(step, a, rank)).forEach(rows::add);
      }
    }
    return rows;
  }

  private static List<Long> range(long rows) {
    return LongStream.range(0, rows).boxed().toList();
  }
}
