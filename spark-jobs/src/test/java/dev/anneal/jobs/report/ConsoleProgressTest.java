package dev.anneal.jobs.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.run.StepMetrics;
import dev.anneal.jobs.report.ConsoleProgress.Settings;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class ConsoleProgressTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  @Test
  void printsOneLineEveryLoggingStepsAndForTheLastStep() {
    TickingClock clock = new TickingClock();
    try (ConsoleProgress progress =
        ConsoleProgress.lines(new Settings("train", 0, 25, 10), out, clock)) {
      for (int i = 1; i <= 25; i++) {
        clock.seconds += 60;
        progress.onStep(step(i));
      }
    }

    assertThat(text().lines())
        .containsExactly(
            "train step=10/25 loss=0.5000 learning_rate=1.000e-04 grad_norm=1.250"
                + " tokens_per_second=900 epoch=0.10 left=0:15:00",
            "train step=20/25 loss=0.5000 learning_rate=1.000e-04 grad_norm=1.250"
                + " tokens_per_second=900 epoch=0.20 left=0:05:00",
            "train step=25/25 loss=0.5000 learning_rate=1.000e-04 grad_norm=1.250"
                + " tokens_per_second=900 epoch=0.25 left=0:00:00");
  }

  @Test
  void leavesTheStartOutOfTheTimeLeft() {
    TickingClock clock = new TickingClock();
    ConsoleProgress progress = ConsoleProgress.lines(new Settings("train", 0, 100, 2), out, clock);
    clock.seconds += 500;
    progress.onStep(step(1));
    clock.seconds += 1;
    progress.onStep(step(2));

    assertThat(text()).endsWith("left=0:01:38" + System.lineSeparator());
  }

  @Test
  void countsTheTimeLeftFromTheStepItResumedAt() {
    TickingClock clock = new TickingClock();
    ConsoleProgress progress = ConsoleProgress.lines(new Settings("train", 90, 100, 1), out, clock);
    clock.seconds += 2;
    progress.onStep(step(91));
    progress.backTo(90);
    clock.seconds += 10;
    progress.onStep(step(91));

    assertThat(text().lines().map(line -> line.substring(line.indexOf("left="))))
        .containsExactly("left=0:00:18", "left=0:01:30");
  }

  @Test
  void drawsABarWithLossAndSpeed() {
    try (ConsoleProgress progress = ConsoleProgress.bar(new Settings("train", 0, 3, 10), out)) {
      progress.onStep(step(1));
      progress.onStep(step(2));
      progress.onStep(step(3));
    }

    assertThat(text()).contains("train").contains("3/3").contains("\r");
    assertThat(text()).contains("loss 0.5000, 900 tokens/s");
  }

  @Test
  void endsQuietlyWhenNoStepWasMade() {
    ConsoleProgress.lines(new Settings("train", 0, 0, 1), out, new TickingClock()).close();

    assertThat(text()).isEmpty();
  }

  @Test
  void refusesSettingsThatCannotBe() {
    assertThatThrownBy(() -> new Settings("t", 0, 5, 0))
        .hasMessage("Invalid logging_steps: 0 (must be > 0)");
    assertThatThrownBy(() -> new Settings("t", 6, 5, 1))
        .hasMessage("Invalid first step: 6 (must be 0 to 5)");
  }

  private String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static StepMetrics step(long step) {
    return new StepMetrics(step, 0.5, 1e-4, 1.25, 100, 90, 900, step / 100.0, 1e6);
  }

  private static final class TickingClock extends Clock {
    private long seconds;

    @Override
    public Instant instant() {
      return Instant.ofEpochSecond(seconds);
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }
}
