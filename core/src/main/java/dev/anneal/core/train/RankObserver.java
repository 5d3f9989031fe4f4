package dev.anneal.core.train;

import dev.anneal.core.run.EvalMetrics;

/** Whoever follows a rank: the driver's channel, or a folder when there is no driver. */
public interface RankObserver extends StepListener, CheckpointCommitter, ProgressListener {
  /** A line for whoever reads the log; on any rank. */
  void note(String text);

  /** A global evaluation is done; called on every rank. */
  void onEvaluation(EvalMetrics metrics);
}
