package dev.anneal.jobs.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.anneal.core.checkpoint.RankFile;
import dev.anneal.core.control.ControlClient;
import dev.anneal.core.control.ControlMessage;
import dev.anneal.core.run.EvalMetrics;
import dev.anneal.core.run.StepMetrics;
import dev.anneal.core.train.RankObserver;
import dev.anneal.core.train.TrainState;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** A rank's observer: tells the driver over the control channel. Borrows the client. */
final class DriverLink implements RankObserver {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration BETWEEN_SIGNS = Duration.ofSeconds(1);

  private final ControlClient client;
  private final int rank;
  private final Duration commitTimeout;
  private final CommitRequest.Origin origin;
  private long step;
  private String phase = "load";
  private long lastSign = System.nanoTime();

  DriverLink(ControlClient client, int rank, Duration commitTimeout, CommitRequest.Origin origin) {
    this.client = client;
    this.rank = rank;
    this.commitTimeout = commitTimeout;
    this.origin = origin;
  }

  @Override
  public void onStep(StepMetrics metrics) {
    if (rank == 0) {
      client.send(new ControlMessage.StepDone(metrics));
    }
    phase(metrics.step(), "train");
  }

  @Override
  public boolean stopWanted() {
    return client
        .stop()
        .filter(order -> order.when() == ControlMessage.Stop.When.AFTER_STEP)
        .isPresent();
  }

  @Override
  public synchronized void phase(long step, String name) {
    this.step = step;
    this.phase = name;
    tell();
  }

  @Override
  public synchronized void progress() {
    if (System.nanoTime() - lastSign >= BETWEEN_SIGNS.toNanos()) {
      tell();
    }
  }

  private void tell() {
    lastSign = System.nanoTime();
    client.send(new ControlMessage.Heartbeat(rank, step, phase));
  }

  @Override
  public void note(String text) {
    client.send(new ControlMessage.Note(text));
  }

  @Override
  public void onEvaluation(EvalMetrics metrics) {
    if (rank == 0) {
      client.send(new ControlMessage.EvalDone(EvalMessage.toJson(metrics)));
    }
  }

  @Override
  public void commit(TrainState state, List<RankFile> files) throws IOException {
    ArrayNode array = JSON.createArrayNode();
    for (RankFile file : files) {
      array.add(JSON.readTree(file.toJson()));
    }
    String payload = new CommitRequest(state, origin, array).toJson();
    client.call(new ControlMessage.CheckpointWritten(state.step(), rank, payload), commitTimeout);
  }
}
