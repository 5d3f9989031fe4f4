package dev.anneal.core.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.core.io.FileStore;
import java.time.Clock;
import java.util.List;

/**
 * The {@code eval.jsonl} of a run: one JSON object per evaluation and data set, with {@code
 * eval_loss} and never the key {@code loss}. Written by the driver alone; thread-safe; durable as
 * {@link MetricsFile} is.
 */
public final class EvalFile implements AutoCloseable {
  private final StepLog log;

  private EvalFile(StepLog log) {
    this.log = log;
  }

  /** Opens the file to go on after a step; evaluations of later steps are removed. */
  public static EvalFile open(FileStore store, String path, long afterStep) {
    return new EvalFile(StepLog.open(store, path, afterStep, Clock.systemUTC()));
  }

  public void append(EvalMetrics metrics) {
    log.append(toJson(metrics));
  }

  public void flush() {
    log.flush();
  }

  public void cutAfter(long step) {
    log.cutAfter(step);
  }

  @Override
  public void close() {
    log.close();
  }

  /** Reads every complete line; none when the file does not exist. */
  public static List<EvalMetrics> read(FileStore store, String path) {
    return StepLog.read(store, path).stream().map(EvalFile::fromJson).toList();
  }

  static String toJson(EvalMetrics metrics) {
    return new JsonLine()
        .put("name", metrics.name())
        .put("step", metrics.step())
        .put("epoch", metrics.epoch())
        .put("eval_loss", metrics.loss())
        .put("perplexity", metrics.perplexity())
        .put("token_accuracy", metrics.tokenAccuracy())
        .put("target_tokens", metrics.targetTokens())
        .end();
  }

  private static EvalMetrics fromJson(String line) {
    JsonNode json = StepLog.parse(line);
    return new EvalMetrics(
        json.path("name").asText(),
        json.path("step").asLong(),
        MetricsFile.number(json, "epoch"),
        MetricsFile.number(json, "eval_loss"),
        MetricsFile.number(json, "token_accuracy"),
        json.path("target_tokens").asLong());
  }
}
