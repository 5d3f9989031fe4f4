package dev.anneal.jobs.inspect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.checkpoint.CheckpointStatus;
import dev.anneal.core.run.EvalFile;
import dev.anneal.core.run.EvalMetrics;
import dev.anneal.core.run.MetricsFile;
import dev.anneal.core.run.RunFolder;
import dev.anneal.core.run.StepMetrics;
import dev.anneal.core.train.RunProduct;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** How far a training got: its end, its losses, its checkpoints, what it left. */
final class RunInspection implements Inspection {
  private static final String EVALUATIONS = "eval.jsonl";
  private static final String RESULT = "result.json";

  @Override
  public boolean recognises(String path, Set<String> names) {
    return names.contains(RunFolder.METRICS) || names.contains(RunFolder.CHECKPOINTS);
  }

  @Override
  public void describe(Request request) throws IOException {
    Page page = request.page();
    page.title("run", request.path());
    if (request.store().exists(request.child(RESULT))) {
      JsonNode result =
          new ObjectMapper().readTree(request.store().readBytes(request.child(RESULT)));
      page.line("status", result.path("status").asText() + ": " + result.path("message").asText());
      page.line("ended", result.path("ended").asText());
    } else {
      page.line("status", "no " + RESULT + ": running, or killed");
    }
    steps(page, MetricsFile.read(request.store(), request.child(RunFolder.METRICS)));
    evaluations(page, EvalFile.read(request.store(), request.child(EVALUATIONS)));
    RunFolder folder = new RunFolder(request.store(), request.path(), warning -> {});
    for (CheckpointStatus status : folder.checkpoints().list()) {
      page.line(
          "checkpoint",
          "step "
              + status.step()
              + (status.valid() ? "" : " (not whole: " + status.problem() + ")"));
    }
    for (String product : List.of(RunProduct.ADAPTER, RunProduct.MODEL)) {
      if (!request.store().list(request.child(product)).isEmpty()) {
        page.line(product, request.child(product));
      }
    }
  }

  private static void steps(Page page, List<StepMetrics> metrics) {
    if (metrics.isEmpty()) {
      page.line("steps", 0);
      return;
    }
    StepMetrics first = metrics.get(0);
    StepMetrics last = metrics.get(metrics.size() - 1);
    long tokens = metrics.stream().mapToLong(StepMetrics::tokens).sum();
    page.line("steps", Page.count(last.step()));
    page.line("epoch", String.format(Locale.ROOT, "%.3f", last.epoch()));
    page.line("tokens", Page.count(tokens));
    page.line("first loss", String.format(Locale.ROOT, "%.4f", first.loss()));
    page.line("last loss", String.format(Locale.ROOT, "%.4f", last.loss()));
  }

  private static void evaluations(Page page, List<EvalMetrics> evaluations) {
    for (EvalMetrics each : evaluations) {
      page.line(
          "evaluation",
          String.format(
              Locale.ROOT,
              "%s step %d loss %.4f token accuracy %.4f",
              each.name(),
              each.step(),
              each.loss(),
              each.tokenAccuracy()));
    }
  }
}
