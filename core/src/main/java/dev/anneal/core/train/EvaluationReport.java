package dev.anneal.core.train;

import dev.anneal.core.data.BatchPlan;
import dev.anneal.core.model.TokenScore;
import dev.anneal.core.run.EvalMetrics;

/**
 * Tells a rank's observer of the evaluations over one set of rows, as a phase of the run.
 *
 * @param name of the rows
 */
record EvaluationReport(String name, BatchPlan plan, RankObserver observer)
    implements Evaluator.Listener {
  @Override
  public void begins(TrainState state) {
    observer.phase(state.step(), "evaluate");
  }

  @Override
  public void scored() {
    observer.progress();
  }

  @Override
  public void done(TrainState state, TokenScore score) {
    long targets = score.loss().targetTokens();
    observer.onEvaluation(
        new EvalMetrics(
            name,
            state.step(),
            plan.epochAfter(state.step() - 1),
            score.loss().sum() / targets,
            (double) score.rightTokens() / targets,
            targets));
    observer.phase(state.step(), RankTrainer.TRAIN);
  }
}
