package dev.anneal.jobs.train;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.run.RunFolder;
import dev.anneal.core.train.RunProduct;
import dev.anneal.jobs.failure.ExitCode;
import dev.anneal.jobs.job.JobResult;

/** What result.json says of a training that ended well, or early because it was asked to. */
record TrainResult(RunFacts facts, RunFolder folder, AdapterConfig adapter) {

  JobResult after(long step) {
    return step == facts.totalSteps() ? finished("trained " + step + " steps") : stopped(step);
  }

  JobResult finished(String message) {
    String product = facts.adapter() ? RunProduct.ADAPTER : RunProduct.MODEL;
    return withFiles(
        JobResult.ok(message)
            .withCount("steps", facts.totalSteps())
            .withPath(
                product,
                facts.adapter() ? adapter.adapterFolder(folder.path()) : folder.child(product)));
  }

  private JobResult stopped(long step) {
    String message =
        "Stopped by a signal after step "
            + step
            + " of "
            + facts.totalSteps()
            + ", which is saved (go on with train.resume_from_checkpoint = auto)";
    return withFiles(
        JobResult.of(ExitCode.INTERRUPTED, message)
            .withCount("steps", step)
            .withPath("checkpoints", folder.checkpointsPath()));
  }

  private JobResult withFiles(JobResult result) {
    return result
        .withPath("metrics", folder.child(RunFolder.METRICS))
        .withPath("report", folder.child(RunReport.FILE));
  }
}
