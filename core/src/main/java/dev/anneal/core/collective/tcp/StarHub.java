package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.Operation;
import dev.anneal.core.collective.OperationBoard;
import dev.anneal.core.net.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The star at rank 0: collects, distributes, and decides what failed first. Thread-safe. */
final class StarHub implements Star, StarLoop.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(StarHub.class);
  private static final Operation NONE = new Operation(0, Operation.Kind.BARRIER, -1, 0);

  private final int worldSize;
  private final GroupHealth health;
  private final OperationBoard board;

  /** So long after its last rank came, an operation in which nothing moves has not just begun. */
  private final Duration begun;

  private final Inbox inbox;
  private final StarLoop loop;
  private final Set<Integer> left = ConcurrentHashMap.newKeySet();
  private volatile Operation current = NONE;

  StarHub(StarChannels channels, GroupHealth health, TcpTimeouts timeouts) throws IOException {
    this.worldSize = channels.worldSize();
    this.health = health;
    this.begun = timeouts.operation().dividedBy(2);
    this.board = new OperationBoard(worldSize);
    this.inbox = new Inbox(health);
    this.loop = new StarLoop(channels, this, timeouts.silence());
    loop.start();
  }

  @Override
  public void enter(Operation operation) {
    current = operation;
    board.enter(0, operation).ifPresent(this::report);
  }

  @Override
  public byte[][] exchange(Operation operation, byte[] mine, Deadline deadline)
      throws InterruptedException, TimeoutException {
    enter(operation);
    byte[][] all = new byte[worldSize][];
    all[0] = mine;
    for (int rank = 1; rank < worldSize; rank++) {
      all[rank] = inbox.take(rank, deadline).payload();
    }
    health.throwIfFailed();
    loop.sendToAll(new Frame(Frame.Type.TAKE, operation, Payloads.join(all)));
    return all;
  }

  @Override
  public void received(int peer, Frame frame) {
    switch (frame.type()) {
      case ENTER -> board.enter(peer, frame.operation()).ifPresent(this::report);
      case GIVE -> {
        board.enter(peer, frame.operation()).ifPresent(this::report);
        inbox.put(peer, frame);
      }
      case FAIL -> abort(frame.failure());
      case STALLED -> stalled(frame.operation(), frame.text());
      case BYE -> {
        left.add(peer);
        board.leave(peer).ifPresent(this::report);
      }
      case TAKE, VERDICT, ALIVE -> report("rank " + peer + " sent " + frame.type() + " to rank 0");
    }
  }

  @Override
  public void broken(int peer, String reason) {
    if (!left.contains(peer)) {
      report("rank " + peer + " " + reason + ", last seen " + board.lastSeen(peer));
    }
  }

  @Override
  public void died(Throwable cause) {
    report("rank 0 can hear the others no more: " + cause);
  }

  @Override
  public void report(String reason) {
    abort(GroupFailure.passing(reason));
  }

  @Override
  public void stalled(Operation operation, String reason) {
    String behind = board.behind(operation);
    if (!behind.isEmpty()) {
      LOG.warn("event=waiting reason=\"{}{}\"", reason, behind);
    } else if (board.quietFor(begun)) {
      report(reason);
    }
  }

  @Override
  public void abort(GroupFailure failure) {
    if (health.fail(failure)) {
      loop.sendToAll(Frame.failure(Frame.Type.VERDICT, current, failure));
    }
  }

  @Override
  public void close() {
    loop.sendToAll(Frame.bare(Frame.Type.BYE, current));
    loop.close();
  }
}
