package dev.anneal.jobs.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class WorkProgressTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
  private final Hands clock = new Hands();

  /** A clock that the test turns. */
  private static final class Hands extends Clock {
    private long seconds;

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return Instant.ofEpochSecond(seconds);
    }
  }

  @Test
  void printsALineEveryTenSecondsAndTheLastState() {
    WorkProgress.Work work = new WorkProgress.Work("tokenize", "megabytes", 400);
    try (WorkProgress progress = WorkProgress.lines(work, out, clock)) {
      for (clock.seconds = 1; clock.seconds <= 25; clock.seconds++) {
        progress.at(clock.seconds * 10, "splits=" + clock.seconds + "/40");
      }
    }
    assertThat(text().lines())
        .containsExactly(
            "tokenize megabytes=100/400 splits=10/40 left=0:00:30",
            "tokenize megabytes=200/400 splits=20/40 left=0:00:20",
            "tokenize megabytes=250/400 splits=25/40 left=0:00:15");
  }

  @Test
  void printsNothingOfWorkThatNeverBegan() {
    WorkProgress.lines(new WorkProgress.Work("write", "files", 0), out, clock).close();
    assertThat(text()).isEmpty();
  }

  @Test
  void drawsABar() {
    try (WorkProgress progress =
        WorkProgress.bar(new WorkProgress.Work("tokenize", "megabytes", 4), out)) {
      progress.at(2, "splits=1/2");
    }
    assertThat(text()).contains("tokenize").contains("2/4 megabytes").contains("splits=1/2");
  }

  private String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
