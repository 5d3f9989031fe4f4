package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.CommunicationThread;
import dev.anneal.core.collective.ControlCollective;
import dev.anneal.core.collective.DoubleSums;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.Operation;
import dev.anneal.core.collective.Work;
import dev.anneal.core.collective.local.LocalGroup;
import dev.anneal.core.net.Deadline;
import dev.anneal.core.net.GroupIdentity;
import dev.anneal.core.net.HostPort;
import dev.anneal.core.tensor.FloatRegion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The collective of ranks in several processes, over TCP and host memory. Links are authenticated
 * when they open, not encrypted. One thread at a time, and one of its own for what is started;
 * {@link #abort} and {@link #close} from any.
 */
public final class TcpCollective implements ControlCollective {
  private final int rank;
  private final int worldSize;
  private final Duration patience;
  private final GroupHealth health = new GroupHealth();
  private final Ring ring;
  private final Star star;
  private final Verdict verdict;
  private final CommunicationThread beside;
  private final AtomicBoolean busy = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();
  private long sequence;

  private TcpCollective(Joining.Links links, TcpTimeouts timeouts) throws IOException {
    this.rank = links.ring().rank();
    this.worldSize = links.ring().worldSize();
    this.patience = timeouts.operation();
    this.ring = new Ring(links.ring(), health, patience);
    this.beside = new CommunicationThread("rank-" + rank + "-ring");
    try {
      this.star =
          rank == 0
              ? new StarHub(links.star(), health, timeouts)
              : new StarSpoke(links.star(), health, timeouts.silence());
    } catch (IOException | RuntimeException | Error e) {
      ring.close();
      throw e;
    }
    this.verdict = new Verdict(rank, star, health);
  }

  /** A rank on open links, which are closed with it, or at once when it cannot be made. */
  static TcpCollective over(Joining.Links links, TcpTimeouts timeouts) {
    boolean made = false;
    try {
      TcpCollective group = new TcpCollective(links, timeouts);
      made = true;
      return group;
    } catch (IOException e) {
      throw new CollectiveException("Rank " + links.ring().rank() + " cannot open its links", e);
    } finally {
      if (!made) {
        links.close();
      }
    }
  }

  /**
   * Joins the group; returns when every rank has. A group of one opens no connection. Peers of
   * another attempt or without the secret are refused and logged, and do not disturb.
   *
   * @param endpoint this rank's, taken over and closed
   * @param addresses every rank's endpoint address, by rank
   * @throws CollectiveException when a rank is missing at the end of the join timeout, or refuses
   */
  public static ControlCollective join(
      TcpEndpoint endpoint,
      List<String> addresses,
      int rank,
      GroupIdentity identity,
      TcpTimeouts timeouts) {
    Objects.checkIndex(rank, addresses.size());
    List<HostPort> parsed = addresses.stream().map(HostPort::parse).toList();
    if (parsed.size() == 1) {
      endpoint.close();
      return LocalGroup.of(1).member(0);
    }
    Deadline deadline = Deadline.after(timeouts.join());
    Joining.Links links = new Joining(parsed, rank, identity).join(endpoint, deadline);
    TcpCollective group = over(links, timeouts);
    try {
      group.exchange(Operation.Kind.BARRIER, 0, new byte[0], deadline);
      return group;
    } catch (RuntimeException e) {
      group.close();
      throw e;
    }
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int worldSize() {
    return worldSize;
  }

  @Override
  public void allReduceSum(FloatRegion region) {
    RingPlan plan = RingPlan.allReduce(region, rank, worldSize);
    move(Operation.Kind.ALL_REDUCE, Operation.NO_ROOT, region, plan);
  }

  @Override
  public Work startAllReduceSum(FloatRegion region) {
    RingPlan plan = RingPlan.allReduce(region, rank, worldSize);
    return beside.start(() -> run(Operation.Kind.ALL_REDUCE, Operation.NO_ROOT, region, plan));
  }

  @Override
  public void reduceScatterSum(FloatRegion region) {
    RingPlan plan = RingPlan.reduceScatter(region, rank, worldSize);
    move(Operation.Kind.REDUCE_SCATTER, Operation.NO_ROOT, region, plan);
  }

  @Override
  public Work startReduceScatterSum(FloatRegion region) {
    RingPlan plan = RingPlan.reduceScatter(region, rank, worldSize);
    return beside.start(() -> run(Operation.Kind.REDUCE_SCATTER, Operation.NO_ROOT, region, plan));
  }

  @Override
  public void allGather(FloatRegion region) {
    RingPlan plan = RingPlan.allGather(region, rank, worldSize);
    move(Operation.Kind.ALL_GATHER, Operation.NO_ROOT, region, plan);
  }

  @Override
  public void broadcast(FloatRegion region, int root) {
    Objects.checkIndex(root, worldSize);
    RingPlan plan = RingPlan.broadcast(region, rank, root, worldSize);
    move(Operation.Kind.BROADCAST, root, region, plan);
  }

  @Override
  public double[] allReduceSum(double[] values) {
    byte[] mine = DoubleSums.encode(values);
    return DoubleSums.sum(
        exchange(Operation.Kind.SUM_DOUBLES, values.length, mine, Deadline.never()));
  }

  @Override
  public byte[][] allGather(byte[] bytes) {
    return exchange(Operation.Kind.GATHER_BYTES, Operation.ANY_LENGTH, bytes, Deadline.never());
  }

  @Override
  public void barrier() {
    exchange(Operation.Kind.BARRIER, 0, new byte[0], Deadline.never());
  }

  @Override
  public Operation enter(Operation.Kind kind, int root, long length) {
    beside.drain();
    Operation operation = begin(kind, root, length);
    busy.set(false);
    star.enter(operation);
    return operation;
  }

  @Override
  public Optional<GroupFailure> failure() {
    return health.failure();
  }

  @Override
  public GroupFailure report(String reason) {
    return verdict.report(reason);
  }

  @Override
  public void stalled(Operation operation, String reason) {
    star.stalled(operation, reason);
  }

  private void move(Operation.Kind kind, int root, FloatRegion region, RingPlan plan) {
    beside.drain();
    run(kind, root, region, plan);
  }

  private void run(Operation.Kind kind, int root, FloatRegion region, RingPlan plan) {
    Operation operation = begin(kind, root, region.length());
    try {
      star.enter(operation);
      ring.run(operation, plan, waitedFor -> ringStalled(operation, waitedFor));
    } catch (IOException | CollectiveException e) {
      throw verdict.failed(operation, e);
    } finally {
      busy.set(false);
    }
  }

  private void ringStalled(Operation operation, String waitedFor) {
    String limit = patience.toMillis() + " ms without progress ";
    star.stalled(operation, verdict.place(operation) + " waited " + limit + waitedFor);
  }

  private byte[][] exchange(Operation.Kind kind, long length, byte[] mine, Deadline deadline) {
    if (mine.length > Frame.MAX_GIVEN_BYTES) {
      throw new IllegalArgumentException(
          "Invalid size: " + mine.length + " bytes (must be <= " + Frame.MAX_GIVEN_BYTES + ")");
    }
    beside.drain();
    Operation operation = begin(kind, Operation.NO_ROOT, length);
    try {
      return star.exchange(operation, mine, deadline);
    } catch (TimeoutException | CollectiveException e) {
      throw verdict.failed(operation, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw verdict.failed(operation, e);
    } finally {
      busy.set(false);
    }
  }

  private Operation begin(Operation.Kind kind, int root, long length) {
    if (!busy.compareAndSet(false, true)) {
      throw new IllegalStateException("Rank " + rank + " is already in a collective operation");
    }
    try {
      health.throwIfFailed();
    } catch (CollectiveException e) {
      busy.set(false);
      throw e;
    }
    sequence++;
    return new Operation(sequence, kind, root, length);
  }

  @Override
  public void abort(GroupFailure failure) {
    star.abort(failure.abortedBy(rank));
  }

  /** Takes leave: ranks that still need this one fail and name it. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    health.fail(GroupFailure.passing("rank " + rank + " has closed its collective"));
    beside.close();
    try (ring) {
      star.close();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot close the ring's links", e);
    }
  }
}
