package dev.anneal.jobs.train;

import dev.anneal.core.checkpoint.SharedVerification;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.control.ControlClient;
import dev.anneal.core.control.ControlMessage;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.ProgressStore;
import dev.anneal.core.model.MatrixProducts;
import dev.anneal.core.run.RunFolder;
import dev.anneal.core.train.RankTrainer;
import dev.anneal.core.train.TrainState;
import dev.anneal.jobs.placement.RankContext;
import dev.anneal.jobs.placement.RankTask;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The work of one barrier task: opens its inputs, follows the driver, trains. */
final class TrainRank implements RankTask<TrainRank.Outcome> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(TrainRank.class);

  private final TrainPlan plan;

  /** Where a rank ended. */
  record Outcome(long step, long tokens) implements java.io.Serializable {}

  TrainRank(TrainPlan plan) {
    this.plan = plan;
  }

  @Override
  public Outcome run(RankContext context) throws Exception {
    try (ControlClient driver =
            ControlClient.connect(
                plan.driverAddress(),
                context.identity(),
                context.rank(),
                context.worldSize(),
                plan.setup().distributed().joinTimeout());
        OpenedInputs inputs = OpenedInputs.open(plan.setup(), plan.data(), plan.fetching())) {
      driver.onStop(
          order -> {
            if (order.when() == ControlMessage.Stop.When.NOW) {
              context.collective().abort(GroupFailure.passing(order.reason()));
            }
          });
      inputs.readAhead(plan.setup(), context.localRank(), context.localWorldSize());
      return train(context, driver, inputs);
    }
  }

  private Outcome train(RankContext context, ControlClient driver, OpenedInputs inputs)
      throws IOException {
    String attempt = context.runId().substring(0, 8) + "-" + context.stageAttempt();
    DriverLink link =
        new DriverLink(
            driver,
            context.rank(),
            plan.commitTimeout(),
            new CommitRequest.Origin(
                context.worldSize(),
                attempt,
                MatrixProducts.ofThisHost(plan.setup().precision()).label()));
    RankTrainer trainer =
        new RankTrainer(plan.setup(), inputs.forRank(), context.collective(), plan.store(), link);
    TrainState end = trainer.run(context.threads(), resumeFolder(context, link), attempt);
    return new Outcome(end.step(), end.tokensSeen());
  }

  /** The driver's choice; for a stage that came back, what the lost attempt committed last. */
  private Optional<String> resumeFolder(RankContext context, DriverLink link) throws IOException {
    Optional<String> chosen = Optional.of(plan.resumeFolder()).filter(folder -> !folder.isEmpty());
    if (context.stageAttempt() == 0) {
      return chosen;
    }
    link.phase(0, "verify");
    FileStore store = new ProgressStore(plan.store(), link::progress);
    String checkpoints = FileStore.join(plan.setup().train().outputDir(), RunFolder.CHECKPOINTS);
    return new SharedVerification(
            store, checkpoints, context.collective(), line -> LOG.warn(Redaction.text(line)))
        .latest(chosen);
  }
}
