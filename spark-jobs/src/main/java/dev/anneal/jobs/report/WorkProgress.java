package dev.anneal.jobs.report;

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
 * Shows a person how far a phase of a job has come: a bar on a terminal; otherwise, as in a log
 * file, one plain {@code key=value} line every ten seconds and one at the end. Used by the driver
 * alone; thread-safe.
 */
public final class WorkProgress implements AutoCloseable {
  private static final Duration EVERY = Duration.ofSeconds(10);

  private final Display display;

  private WorkProgress(Display display) {
    this.display = display;
  }

  /**
   * What is shown.
   *
   * @param name of the phase
   * @param unit of the work
   * @param total of that unit
   */
  public record Work(String name, String unit, long total) {
    public Work {
      if (total < 0) {
        throw new IllegalArgumentException("Invalid total: " + total + " (must be >= 0)");
      }
    }
  }

  /** On the standard error stream, with a bar when the process has a terminal. */
  public static WorkProgress onStandardError(Work work) {
    return System.console() == null
        ? lines(work, System.err, Clock.systemUTC())
        : bar(work, System.err);
  }

  static WorkProgress lines(Work work, PrintStream out, Clock clock) {
    return new WorkProgress(new Lines(work, out, clock));
  }

  static WorkProgress bar(Work work, PrintStream out) {
    return new WorkProgress(new Bar(work, out));
  }

  /**
   * Says how far the work is.
   *
   * @param done at most the total
   * @param facts {@code key=value} words that are of interest too
   */
  public synchronized void at(long done, String facts) {
    display.at(done, facts);
  }

  /** Leaves the last state on the screen. */
  @Override
  public synchronized void close() {
    display.end();
  }

  private interface Display {
    void at(long done, String facts);

    void end();
  }

  private static final class Bar implements Display {
    private final ProgressBar bar;

    Bar(Work work, PrintStream out) {
      this.bar =
          new ProgressBarBuilder()
              .setTaskName(work.name())
              .setInitialMax(work.total())
              .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BLOCK)
              .setUpdateIntervalMillis(250)
              .setUnit(" " + work.unit(), 1)
              .setConsumer(new ConsoleProgressBarConsumer(out))
              .build();
    }

    @Override
    public void at(long done, String facts) {
      bar.setExtraMessage(" " + facts);
      bar.stepTo(done);
    }

    @Override
    public void end() {
      bar.close();
    }
  }

  private static final class Lines implements Display {
    private final Work work;
    private final PrintStream out;
    private final Clock clock;
    private final Instant start;
    private Instant said;
    private String unsaid = "";

    Lines(Work work, PrintStream out, Clock clock) {
      this.work = work;
      this.out = out;
      this.clock = clock;
      this.start = clock.instant();
      this.said = start;
    }

    @Override
    public void at(long done, String facts) {
      unsaid =
          String.format(
              Locale.ROOT,
              "%s %s=%d/%d %s left=%s",
              work.name(),
              work.unit(),
              done,
              work.total(),
              facts,
              left(done));
      if (Duration.between(said, clock.instant()).compareTo(EVERY) >= 0) {
        said = clock.instant();
        end();
      }
    }

    private String left(long done) {
      if (done == 0) {
        return "?";
      }
      double millis = Duration.between(start, clock.instant()).toMillis();
      long seconds = Math.round(millis / done * (work.total() - done) / 1000);
      return String.format(
          Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds % 3600 / 60, seconds % 60);
    }

    @Override
    public void end() {
      if (!unsaid.isEmpty()) {
        out.println(unsaid);
        unsaid = "";
      }
      out.flush();
    }
  }
}
