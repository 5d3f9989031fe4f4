package dev.anneal.core.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class WatchdogTest {
  private final HandClock clock = new HandClock();
  private final Watchdog watchdog =
      new Watchdog(
          clock,
          3,
          new WatchdogLimits(
              Duration.ofSeconds(600), Duration.ofSeconds(60), Duration.ofSeconds(300)));

  @Test
  void complainsWhenNothingIsScheduled() {
    clock.pass(600);
    assertThat(watchdog.complaint()).isEmpty();
    clock.pass(1);
    assertThat(watchdog.complaint())
        .contains(
            "No rank has started within 600 s (are 3 slots free at once? see"
                + " distributed.world_size, distributed.schedule_timeout_seconds)");
  }

  @Test
  void complainsAboutRanksThatDoNotJoin() {
    clock.pass(599);
    watchdog.joined(1);
    clock.pass(60);
    assertThat(watchdog.complaint()).isEmpty();
    clock.pass(1);
    assertThat(watchdog.complaint())
        .contains(
            "Ranks [0, 2] of 3 have not joined within 60 s of the first"
                + " (see distributed.join_timeout_seconds)");
  }

  @Test
  void complainsAboutTheRankThatHasStoodStillLongest() {
    joinAll();
    clock.pass(200);
    watchdog.progressed(0, 1, "step");
    watchdog.progressed(2, 1, "step");
    clock.pass(300);
    assertThat(watchdog.complaint()).isEmpty();
    clock.pass(1);
    assertThat(watchdog.complaint())
        .contains(
            "No progress: rank 1 has given no sign of it for 501 s, in phase 'join' of step 0"
                + " (see distributed.progress_timeout_seconds)");
    watchdog.progressed(1, 1, "step");
    assertThat(watchdog.complaint()).isEmpty();
  }

  @Test
  void ranksThatWaitForOneThatGetsOnAreLeftAlone() {
    joinAll();
    for (int sign = 0; sign < 20; sign++) {
      clock.pass(299);
      watchdog.progressed(2, 7, "export");
      assertThat(watchdog.complaint()).isEmpty();
    }
    watchdog.finished(2);
    assertThat(watchdog.complaint().orElseThrow()).startsWith("No progress: rank 0 ");
  }

  @Test
  void finishedRanksMayRest() {
    joinAll();
    for (int rank = 0; rank < 3; rank++) {
      watchdog.finished(rank);
    }
    clock.pass(10_000);
    assertThat(watchdog.complaint()).isEmpty();
  }

  @Test
  void aNewAttemptStartsTheClockAnew() {
    joinAll();
    clock.pass(10_000);
    watchdog.restart();
    assertThat(watchdog.complaint()).isEmpty();
    clock.pass(601);
    assertThat(watchdog.complaint().orElseThrow()).startsWith("No rank has started");
  }

  @Test
  void refusesLimitsOfZero() {
    Duration second = Duration.ofSeconds(1);
    assertThatThrownBy(() -> new WatchdogLimits(second, Duration.ZERO, second))
        .hasMessage("Invalid join timeout: PT0S (must be > 0)");
  }

  private void joinAll() {
    for (int rank = 0; rank < 3; rank++) {
      watchdog.joined(rank);
    }
  }
}
