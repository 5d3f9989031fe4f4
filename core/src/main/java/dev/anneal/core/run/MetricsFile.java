package dev.anneal.core.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.core.io.FileStore;
import java.time.Clock;
import java.util.List;

/**
 * The {@code metrics.jsonl} of a run: exactly one JSON object per optimizer step, in order. Written
 * by the driver alone; thread-safe. Where the store can append, a line is in the file when {@link
 * #append} returns; an object store gets the whole file again every 30 seconds, at {@link #flush}
 * and at {@link #close}, so call {@link #flush} before a checkpoint is committed: then a resume
 * finds every line up to its checkpoint.
 */
public final class MetricsFile implements AutoCloseable {
  private final StepLog log;
  private long lastStep;

  private MetricsFile(StepLog log, long lastStep) {
    this.log = log;
    this.lastStep = lastStep;
  }

  /**
   * Opens the file to go on after a step: later lines, and a last line that a killed writer tore,
   * are removed in one replacement. With 0 the file starts empty.
   */
  public static MetricsFile open(FileStore store, String path, long afterStep) {
    return open(store, path, afterStep, Clock.systemUTC());
  }

  static MetricsFile open(FileStore store, String path, long afterStep, Clock clock) {
    if (afterStep < 0) {
      throw new IllegalArgumentException("Invalid step: " + afterStep + " (must be >= 0)");
    }
    return new MetricsFile(StepLog.open(store, path, afterStep, clock), afterStep);
  }

  /**
   * Adds the line of the next step.
   *
   * @throws IllegalArgumentException when a step is skipped or comes twice
   */
  public synchronized void append(StepMetrics metrics) {
    if (metrics.step() != lastStep + 1) {
      throw new IllegalArgumentException(
          "Invalid step: " + metrics.step() + " (expected " + (lastStep + 1) + ")");
    }
    log.append(toJson(metrics));
    lastStep = metrics.step();
  }

  /** Makes the lines so far durable. */
  public void flush() {
    log.flush();
  }

  /** Goes back to a step: what a stage that starts again from a checkpoint needs. */
  public synchronized void cutAfter(long step) {
    log.cutAfter(step);
    lastStep = step;
  }

  @Override
  public void close() {
    log.close();
  }

  /** Reads every complete line; none when the file does not exist. */
  public static List<StepMetrics> read(FileStore store, String path) {
    return StepLog.read(store, path).stream().map(MetricsFile::fromJson).toList();
  }

  static String toJson(StepMetrics metrics) {
    return new JsonLine()
        .put("step", metrics.step())
        .put("loss", metrics.loss())
        .put("learning_rate", metrics.learningRate())
        .put("grad_norm", metrics.gradNorm())
        .put("tokens", metrics.tokens())
        .put("target_tokens", metrics.targetTokens())
        .put("tokens_per_second", metrics.tokensPerSecond())
        .put("epoch", metrics.epoch())
        .put("memory_bytes", Math.round(metrics.memoryBytes()))
        .end();
  }

  private static StepMetrics fromJson(String line) {
    JsonNode json = StepLog.parse(line);
    return new StepMetrics(
        json.path("step").asLong(),
        number(json, "loss"),
        number(json, "learning_rate"),
        number(json, "grad_norm"),
        json.path("tokens").asLong(),
        json.path("target_tokens").asLong(),
        number(json, "tokens_per_second"),
        number(json, "epoch"),
        number(json, "memory_bytes"));
  }

  static double number(JsonNode json, String key) {
    return json.path(key).isNumber() ? json.get(key).doubleValue() : Double.NaN;
  }
}
