package dev.anneal.jobs.report;

import dev.anneal.core.run.StepMetrics;
import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows a person how training goes: a bar with loss, tokens per second and time left on a terminal;
 * otherwise, as in a log file, one plain {@code key=value} line every {@code logging_steps} and for
 * the last step. Used by the driver alone; thread-safe.
 */
public final class ConsoleProgress implements AutoCloseable {
  private final Display display;

  private ConsoleProgress(Display display) {
    this.display = display;
  }

  /** What is shown of a training, and how often. */
  public record Settings(String name, long firstStep, long maxSteps, long loggingSteps) {
    public Settings {
      if (firstStep < 0 || maxSteps < firstStep) {
        throw new IllegalArgumentException(
            "Invalid first step: " + firstStep + " (must be 0 to " + maxSteps + ")");
      }
      if (loggingSteps < 1) {
        throw new IllegalArgumentException(
            "Invalid logging_steps: " + loggingSteps + " (must be > 0)");
      }
    }
  }

  /** On the standard error stream, with a bar when the process has a terminal. */
  public static ConsoleProgress onStandardError(Settings settings) {
    return System.console() == null
        ? lines(settings, System.err, Clock.systemUTC())
        : bar(settings, System.err);
  }

  static ConsoleProgress lines(Settings settings, PrintStream out, Clock clock) {
    return new ConsoleProgress(new Lines(settings, out, clock));
  }

  static ConsoleProgress bar(Settings settings, PrintStream out) {
    return new ConsoleProgress(new Bar(settings, out));
  }

  public synchronized void onStep(StepMetrics metrics) {
    display.step(metrics);
  }

  /** A stage that starts again goes back to the step of its checkpoint. */
  public synchronized void backTo(long step) {
    display.backTo(step);
  }

  /** Leaves the last state on the screen. */
  @Override
  public synchronized void close() {
    display.end();
  }

  private interface Display {
    void step(StepMetrics metrics);

    void backTo(long step);

    void end();
  }

  private static final class Bar implements Display {
    private final ProgressBar bar;

    Bar(Settings settings, PrintStream out) {
      this.bar =
          new ProgressBarBuilder()
              .setTaskName(settings.name())
              .setInitialMax(settings.maxSteps())
              .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BLOCK)
              .setUpdateIntervalMillis(250)
              .setUnit(" steps", 1)
              .startsFrom(settings.firstStep(), Duration.ZERO)
              .setConsumer(new ConsoleProgressBarConsumer(out))
              .build();
    }

    @Override
    public void step(StepMetrics metrics) {
      bar.setExtraMessage(
          String.format(
              Locale.ROOT,
              " loss %.4f, %,.0f tokens/s",
              metrics.loss(),
              metrics.tokensPerSecond()));
      bar.stepTo(metrics.step());
    }

    @Override
    public void backTo(long step) {
      bar.stepTo(step);
    }

    @Override
    public void end() {
      bar.close();
    }
  }

  private static final class Lines implements Display {
    private final Settings settings;
    private final PrintStream out;
    private final Clock clock;
    private Instant since;
    private long sinceStep;
    private boolean starting;

    Lines(Settings settings, PrintStream out, Clock clock) {
      this.settings = settings;
      this.out = out;
      this.clock = clock;
      backTo(settings.firstStep());
    }

    @Override
    public void step(StepMetrics metrics) {
      long step = metrics.step();
      if (step % settings.loggingSteps() == 0 || step == settings.maxSteps()) {
        out.println(line(metrics));
      }
      if (starting) {
        since = clock.instant();
        sinceStep = step;
        starting = false;
      }
    }

    private String line(StepMetrics metrics) {
      return String.format(
          Locale.ROOT,
          "%s step=%d/%d loss=%.4f learning_rate=%.3e grad_norm=%.3f tokens_per_second=%.0f"
              + " epoch=%.2f left=%s",
          settings.name(),
          metrics.step(),
          settings.maxSteps(),
          metrics.loss(),
          metrics.learningRate(),
          metrics.gradNorm(),
          metrics.tokensPerSecond(),
          metrics.epoch(),
          left(metrics.step()));
    }

    /** From the mean time of the steps, the first one and the start before it left out. */
    private String left(long step) {
      double millis = Duration.between(since, clock.instant()).toMillis();
      double each = millis / Math.max(1, step - sinceStep);
      long seconds = Math.round(each * (settings.maxSteps() - step) / 1000);
      return String.format(
          Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds % 3600 / 60, seconds % 60);
    }

    @Override
    public void backTo(long step) {
      since = clock.instant();
      sinceStep = step;
      starting = true;
    }

    @Override
    public void end() {
      out.flush();
    }
  }
}
