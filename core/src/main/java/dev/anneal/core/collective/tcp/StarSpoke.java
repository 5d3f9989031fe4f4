package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.Operation;
import dev.anneal.core.net.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/** The star at every rank but 0. Thread-safe. */
final class StarSpoke implements Star, StarLoop.Listener {
  private static final Operation NONE = new Operation(0, Operation.Kind.BARRIER, -1, 0);
  private static final int HUB = 0;

  /** How long a rank that saw a failure waits for rank 0's view of it. */
  private static final Duration VERDICT_LIMIT = Duration.ofSeconds(2);

  private final int rank;
  private final int worldSize;
  private final GroupHealth health;
  private final Inbox inbox;
  private final StarLoop loop;
  private Operation current = NONE;
  private long hubLeftAfter = Long.MAX_VALUE;

  StarSpoke(StarChannels channels, GroupHealth health, Duration silence) throws IOException {
    this.rank = channels.rank();
    this.worldSize = channels.worldSize();
    this.health = health;
    this.inbox = new Inbox(health);
    this.loop = new StarLoop(channels, this, silence);
    loop.start();
  }

  @Override
  public void enter(Operation operation) {
    begin(operation);
    loop.send(HUB, Frame.bare(Frame.Type.ENTER, operation));
  }

  @Override
  public byte[][] exchange(Operation operation, byte[] mine, Deadline deadline)
      throws InterruptedException, TimeoutException {
    begin(operation);
    loop.send(HUB, new Frame(Frame.Type.GIVE, operation, mine));
    Frame answer = inbox.take(HUB, deadline);
    if (!answer.operation().equals(operation)) {
      throw new CollectiveException(Operation.outOfStep(rank, operation, HUB, answer.operation()));
    }
    return Payloads.split(answer.payload(), worldSize);
  }

  private synchronized void begin(Operation operation) {
    current = operation;
    failIfHubLeft();
  }

  private synchronized void hubLeft(Operation last) {
    hubLeftAfter = last.sequence();
    failIfHubLeft();
  }

  private void failIfHubLeft() {
    if (current.sequence() > hubLeftAfter) {
      fail("rank 0 has left the group, rank " + rank + " is in " + current.describe());
    }
  }

  private synchronized boolean hubIsThere() {
    return hubLeftAfter == Long.MAX_VALUE;
  }

  @Override
  public void received(int peer, Frame frame) {
    switch (frame.type()) {
      case TAKE -> inbox.put(HUB, frame);
      case VERDICT -> health.fail(frame.failure());
      case BYE -> hubLeft(frame.operation());
      case ENTER, GIVE, FAIL, STALLED, ALIVE ->
          fail("rank 0 sent " + frame.type() + " to rank " + rank);
    }
  }

  @Override
  public void broken(int peer, String reason) {
    if (hubIsThere()) {
      fail("rank 0 " + reason);
    }
  }

  @Override
  public void died(Throwable cause) {
    abort(GroupFailure.passing("rank " + rank + " can hear the others no more: " + cause));
  }

  @Override
  public void report(String reason) {
    GroupFailure failure = GroupFailure.passing(reason);
    if (hubIsThere()) {
      loop.send(HUB, Frame.failure(Frame.Type.FAIL, operation(), failure));
      health.awaitFailure(VERDICT_LIMIT);
    }
    health.fail(failure);
  }

  @Override
  public void stalled(Operation operation, String reason) {
    loop.send(HUB, Frame.text(Frame.Type.STALLED, operation, reason));
  }

  @Override
  public void abort(GroupFailure failure) {
    if (health.fail(failure)) {
      loop.send(HUB, Frame.failure(Frame.Type.FAIL, operation(), failure));
    }
  }

  private void fail(String reason) {
    health.fail(GroupFailure.passing(reason));
  }

  private synchronized Operation operation() {
    return current;
  }

  @Override
  public void close() {
    loop.send(HUB, Frame.bare(Frame.Type.BYE, operation()));
    loop.close();
  }
}
