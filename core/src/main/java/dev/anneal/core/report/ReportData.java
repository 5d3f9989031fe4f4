package dev.anneal.core.report;

import dev.anneal.core.config.Redaction;
import dev.anneal.core.run.RunManifest;
import java.util.List;

/**
 * What {@link HtmlReport} shows, in its order. Lists may be empty: their parts are left out.
 *
 * @param title names the run, as its output folder or its job does
 * @param outcome how it ended, in a sentence for a person
 * @param trainings one for each training of the run, in time order
 * @param config the resolved configuration as text, secrets already redacted
 */
public record ReportData(
    String title,
    Outcome outcome,
    List<TrainingReport> trainings,
    List<ScoreTable> scores,
    List<GenerationComparison> generations,
    RunManifest manifest,
    String config) {

  public ReportData {
    title = Redaction.text(title);
    trainings = List.copyOf(trainings);
    scores = List.copyOf(scores);
    generations = List.copyOf(generations);
  }

  /** How a run ended. */
  public enum State {
    COMPLETED,
    STOPPED_EARLY,
    FAILED
  }

  /** The end of a run; the message says why it stopped or failed, and is empty when it did not. */
  public record Outcome(State state, String message) {
    public Outcome {
      message = Redaction.text(message);
    }

    public static Outcome completed() {
      return new Outcome(State.COMPLETED, "");
    }
  }
}
