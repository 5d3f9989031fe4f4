package dev.anneal.core.train;

import dev.anneal.core.data.RowSource;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterFolder;
import java.util.List;
import java.util.Optional;

/**
 * What a rank reads. Borrowed by the trainer.
 *
 * @param model the base model's folder on this machine
 * @param adapter an adapter to start from
 * @param rows training rows
 * @param evaluations rows that are only scored
 * @param initialTokens of the text that the method begins with, where it asks for one
 */
public record RankInputs(
    ModelFolder model,
    Optional<AdapterFolder> adapter,
    RowSource rows,
    List<EvalRows> evaluations,
    List<Integer> initialTokens) {
  public RankInputs {
    evaluations = List.copyOf(evaluations);
    initialTokens = List.copyOf(initialTokens);
  }

  /** Of a method that begins with no text. */
  public RankInputs(
      ModelFolder model,
      Optional<AdapterFolder> adapter,
      RowSource rows,
      List<EvalRows> evaluations) {
    this(model, adapter, rows, evaluations, List.of());
  }

  /** Rows to score, under the name that eval.jsonl uses. */
  public record EvalRows(String name, RowSource rows) {}
}
