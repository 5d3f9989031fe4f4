package dev.anneal.core.train;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.data.RowSource;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.model.CausalLm;
import dev.anneal.core.model.LossSum;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.TokenScore;
import java.util.ArrayList;
import java.util.List;

/**
 * Scores held-out rows: sums of losses and counts over all ranks, every row exactly once. Logits
 * are never kept.
 */
public final class Evaluator implements StepHook {
  private final RowSource rows;
  private final int batchSize;
  private final long everySteps;
  private final CausalLm model;
  private final Collective ranks;
  private final Listener listener;

  /** Hears of evaluations, on every rank. */
  public interface Listener {
    /** One begins between two steps. */
    default void begins(TrainState state) {}

    /** A batch of this rank is scored. */
    default void scored() {}

    /** It is done, with the global result. */
    void done(TrainState state, TokenScore score);
  }

  /**
   * @param everySteps 0 evaluates at the end only
   */
  public Evaluator(
      RowSource rows,
      int batchSize,
      long everySteps,
      CausalLm model,
      Collective ranks,
      Listener listener) {
    this.rows = rows;
    this.batchSize = batchSize;
    this.everySteps = everySteps;
    this.model = model;
    this.ranks = ranks;
    this.listener = listener;
  }

  @Override
  public void after(TrainState state, boolean last) {
    if (last || everySteps > 0 && state.step() % everySteps == 0) {
      listener.begins(state);
      listener.done(state, evaluate());
    }
  }

  /** The score over all rows of all ranks. */
  public TokenScore evaluate() {
    TokenScore own = TokenScore.ZERO;
    long stride = (long) batchSize * ranks.worldSize();
    long first = (long) batchSize * ranks.rank();
    for (long start = first; start < rows.rowCount(); start += stride) {
      List<TokenRow> slice = new ArrayList<>();
      for (long i = start; i < Math.min(start + batchSize, rows.rowCount()); i++) {
        slice.add(rows.row(i));
      }
      own = own.plus(model.score(MicroBatch.of(slice, start)));
      listener.scored();
    }
    double[] sums =
        ranks.allReduceSum(
            new double[] {
              own.loss().sum(), own.loss().targetTokens(), own.loss().tokens(), own.rightTokens()
            });
    return new TokenScore(new LossSum(sums[0], (long) sums[1], (long) sums[2]), (long) sums[3]);
  }
}
