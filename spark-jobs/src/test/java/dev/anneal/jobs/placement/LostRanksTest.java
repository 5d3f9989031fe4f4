package dev.anneal.jobs.placement;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;

class LostRanksTest {
  @Test
  void saysWhyRanksWereLostInOneLine() {
    SparkException spark =
        new SparkException(
            "Job aborted: ShuffleMapStage 0 has failed the maximum allowable number of times: 4."
                + " Most recent failure reason:\nrank 1 closed its connection\n\tat a.b(C.java:1)"
                + "\nCaused by: x\n\tat d.e(F.java:2)");
    assertThat(BarrierLauncher.reason(spark))
        .isEqualTo(
            "Job aborted: ShuffleMapStage 0 has failed the maximum allowable number of times: 4."
                + " Most recent failure reason: rank 1 closed its connection (executors were lost"
                + " again and again: look for the reason in their logs, often memory;"
                + " spark.stage.maxConsecutiveAttempts allows more)");
    assertThat(BarrierLauncher.reason(new SparkException("Job 0 cancelled")))
        .isEqualTo("Job 0 cancelled");
  }
}
