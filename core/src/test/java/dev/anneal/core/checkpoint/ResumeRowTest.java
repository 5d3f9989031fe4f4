package dev.anneal.core.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.BatchPlan;
import dev.anneal.core.data.EpochOrder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The next row of a checkpoint is the one a resume goes on at. */
class ResumeRowTest {
  private static final BatchPlan TEN_ROWS_BY_FOUR = new BatchPlan(EpochOrder.asStored(10), 2, 2, 1);

  private static Checkpoint after(TrainPosition position) {
    return new Checkpoint(
        "run/step-000004", new CheckpointManifest(position, 1, "a", Map.of(), Map.of(), List.of()));
  }

  @Test
  void epochAndRowFollowFromTheStep() {
    assertThat(TrainPosition.after(2, TEN_ROWS_BY_FOUR, 5, 4, 42))
        .isEqualTo(new TrainPosition(2, 0, 8, 5, 4, 42));
    assertThat(TrainPosition.after(3, TEN_ROWS_BY_FOUR, 5, 4, 42))
        .isEqualTo(new TrainPosition(3, 1, 0, 5, 4, 42));
    ResumeCheck.requireSameRow(after(new TrainPosition(4, 1, 4, 5, 4, 42)), TEN_ROWS_BY_FOUR);
  }

  @Test
  void anotherRowIsRefused() {
    assertThatThrownBy(
            () ->
                ResumeCheck.requireSameRow(
                    after(new TrainPosition(4, 1, 6, 5, 4, 42)), TEN_ROWS_BY_FOUR))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Cannot resume from run/step-000004: step 4 leads to row 4 of epoch 1 (expected row 6"
                + " of epoch 1; start a new run in another train.output_dir)");
  }
}
