package dev.anneal.jobs.train;

import dev.anneal.core.checkpoint.Checkpoint;
import dev.anneal.core.control.ControlClient;
import dev.anneal.core.control.ControlMessage;
import dev.anneal.core.model.MatrixProducts;
import dev.anneal.core.run.RunFolder;
import dev.anneal.core.train.RankTrainer;
import dev.anneal.core.train.TrainState;
import dev.anneal.jobs.placement.RankContext;
import dev.anneal.jobs.placement.RankTask;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
        OpenedInputs inputs = OpenedInputs.open(plan.setup(), plan.data(), plan.store())) {
      driver.onStop(
          order -> {
            if (order.when() == ControlMessage.Stop.When.NOW) {
              context.collective().abort(order.reason());
            }
          });
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
                context.worldSize(), attempt, MatrixProducts.ofThisHost().label()));
    RankTrainer trainer =
        new RankTrainer(plan.setup(), inputs.forRank(), context.collective(), plan.store(), link);
    TrainState end = trainer.run(context.threads(), resumeFolder(context), attempt);
    return new Outcome(end.step(), end.tokensSeen());
  }

  /** The driver's choice; for a stage that came back, what the lost attempt committed last. */
  private Optional<String> resumeFolder(RankContext context) throws IOException {
    String folder = plan.resumeFolder();
    if (context.stageAttempt() > 0) {
      if (context.rank() == 0) {
        RunFolder run = new RunFolder(plan.store(), plan.setup().train().outputDir(), LOG::warn);
        folder = run.checkpoints().latest().map(Checkpoint::folder).orElse(folder);
      }
      byte[][] all = context.collective().allGather(folder.getBytes(StandardCharsets.UTF_8));
      folder = new String(all[0], StandardCharsets.UTF_8);
    }
    return folder.isEmpty() ? Optional.empty() : Optional.of(folder);
  }
}
