package dev.anneal.jobs.placement;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ScheduleStateTest {
  private static final Instant START = Instant.EPOCH;

  @Test
  void ranksThatDoNotStartInTimeAreReported() {
    ScheduleState state = new ScheduleState(2, Duration.ofSeconds(10), START);
    assertThat(state.overdue(START.plusSeconds(10))).isEmpty();
    state.submitted(2, START.plusSeconds(5));
    state.taskStarted();
    assertThat(state.overdue(START.plusSeconds(15))).isEmpty();
    assertThat(state.overdue(START.plusSeconds(16)).orElseThrow())
        .contains("1 of 2 were scheduled within 10 s")
        .contains("distributed.schedule_timeout_seconds");
  }

  @Test
  void aRunningStageIsNeverLateAndANewAttemptCountsAgain() {
    ScheduleState state = new ScheduleState(1, Duration.ofSeconds(10), START);
    state.submitted(1, START);
    state.taskStarted();
    assertThat(state.overdue(START.plusSeconds(1000))).isEmpty();
    state.submitted(1, START.plusSeconds(1000));
    assertThat(state.overdue(START.plusSeconds(1011))).isPresent();
  }
}
