package dev.anneal.jobs.corpus;

import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says how far a long listing has come, so that nobody takes it for dead. One thread. */
final class ListingLog {
  private static final Logger LOG = LoggerFactory.getLogger(ListingLog.class);
  private static final Duration EVERY = Duration.ofSeconds(10);

  private final String input;
  private final long start = System.nanoTime();
  private long said = start;
  private long files;

  ListingLog(String input) {
    this.input = input;
  }

  /** Counts what passes. */
  <T> Consumer<T> counting(Consumer<T> next) {
    return file -> {
      files++;
      long now = System.nanoTime();
      if (now - said >= EVERY.toNanos()) {
        said = now;
        LOG.info("input={} files={} listing", input, files);
      }
      next.accept(file);
    };
  }

  void end() {
    long seconds = Duration.ofNanos(System.nanoTime() - start).toSeconds();
    if (seconds >= EVERY.toSeconds()) {
      LOG.info("input={} files={} seconds={} listed", input, files, seconds);
    }
  }
}
