package dev.anneal.core.control;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FirstFailureTest {
  private final FirstFailure failures = new FirstFailure();

  @Test
  void knowsNothingAtFirst() {
    assertThat(failures.report()).isEmpty();
  }

  @Test
  void theEarliestOwnErrorIsTheCause() {
    failures.failed(new ControlMessage.Failed(0, "rank 2 aborted", "", true));
    failures.failed(new ControlMessage.Failed(2, "loss is NaN at step 7", "trace", false));
    failures.failed(new ControlMessage.Failed(1, "out of memory", "", false));
    FailureReport report = failures.report().orElseThrow();
    assertThat(report.rank()).isEqualTo(2);
    assertThat(report.stackTrace()).isEqualTo("trace");
    assertThat(report.text())
        .isEqualTo(
            "Rank 2 failed first: loss is NaN at step 7\n"
                + "  then rank 0: rank 2 aborted\n"
                + "  then rank 1: out of memory");
  }

  @Test
  void aLostRankIsTheCauseOfTheOthersConsequences() {
    failures.failed(new ControlMessage.Failed(0, "rank 1 closed its connection", "", true));
    failures.lost(1, "Connection reset");
    failures.lost(0, "end of stream");
    assertThat(failures.report().orElseThrow().text())
        .isEqualTo(
            "Rank 1 failed first: its process is gone (Connection reset)\n"
                + "  then rank 0: rank 1 closed its connection");
  }

  @Test
  void onlyConsequencesLeaveTheEarliest() {
    failures.failed(new ControlMessage.Failed(3, "timed out", "", true));
    failures.failed(new ControlMessage.Failed(1, "timed out", "", true));
    assertThat(failures.report().orElseThrow().rank()).isEqualTo(3);
    failures.restart();
    assertThat(failures.report()).isEmpty();
  }
}
