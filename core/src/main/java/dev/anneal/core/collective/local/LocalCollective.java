package dev.anneal.core.collective.local;

import dev.anneal.core.collective.Chunks;
import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.CommunicationThread;
import dev.anneal.core.collective.ControlCollective;
import dev.anneal.core.collective.DoubleSums;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.Operation;
import dev.anneal.core.collective.Work;
import dev.anneal.core.tensor.FloatRegion;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** One rank of a {@link LocalGroup}. */
final class LocalCollective implements ControlCollective {
  private final int rank;
  private final int worldSize;
  private final Meeting meeting;
  private final RegionArithmetic arithmetic = new RegionArithmetic();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final CommunicationThread beside;
  private long sequence;

  LocalCollective(int rank, int worldSize, Meeting meeting) {
    this.rank = rank;
    this.worldSize = worldSize;
    this.meeting = meeting;
    this.beside = new CommunicationThread("rank-" + rank + "-sums");
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
    beside.drain();
    allReduce(region);
  }

  @Override
  public Work startAllReduceSum(FloatRegion region) {
    return beside.start(() -> allReduce(region));
  }

  private void allReduce(FloatRegion region) {
    Chunks chunks = new Chunks(region.length(), worldSize);
    Offer[] offers =
        open(Operation.Kind.ALL_REDUCE, Operation.NO_ROOT, region.length(), Offer.of(region));
    guarded(() -> arithmetic.sumChunk(offers, chunks, rank));
    meeting.step();
    guarded(() -> arithmetic.gatherChunks(offers, chunks, rank));
    meeting.done();
  }

  @Override
  public void reduceScatterSum(FloatRegion region) {
    Chunks chunks = Chunks.equal(region.length(), worldSize);
    beside.drain();
    reduceScatter(region, chunks);
  }

  @Override
  public Work startReduceScatterSum(FloatRegion region) {
    Chunks chunks = Chunks.equal(region.length(), worldSize);
    return beside.start(() -> reduceScatter(region, chunks));
  }

  private void reduceScatter(FloatRegion region, Chunks chunks) {
    Offer[] offers =
        open(Operation.Kind.REDUCE_SCATTER, Operation.NO_ROOT, region.length(), Offer.of(region));
    guarded(() -> arithmetic.sumChunk(offers, chunks, rank));
    meeting.done();
  }

  @Override
  public void allGather(FloatRegion region) {
    Chunks chunks = Chunks.equal(region.length(), worldSize);
    beside.drain();
    Offer[] offers =
        open(Operation.Kind.ALL_GATHER, Operation.NO_ROOT, region.length(), Offer.of(region));
    guarded(() -> arithmetic.gatherChunks(offers, chunks, rank));
    meeting.done();
  }

  @Override
  public void broadcast(FloatRegion region, int root) {
    Objects.checkIndex(root, worldSize);
    beside.drain();
    Offer[] offers = open(Operation.Kind.BROADCAST, root, region.length(), Offer.of(region));
    if (rank != root) {
      guarded(() -> arithmetic.copy(offers[root].region(), region));
    }
    meeting.done();
  }

  @Override
  public double[] allReduceSum(double[] values) {
    byte[][] byRank =
        exchange(Operation.Kind.SUM_DOUBLES, values.length, DoubleSums.encode(values));
    return DoubleSums.sum(byRank);
  }

  @Override
  public byte[][] allGather(byte[] bytes) {
    return exchange(Operation.Kind.GATHER_BYTES, Operation.ANY_LENGTH, bytes);
  }

  @Override
  public void barrier() {
    beside.drain();
    open(Operation.Kind.BARRIER, Operation.NO_ROOT, 0, Offer.NOTHING);
    meeting.done();
  }

  @Override
  public Operation enter(Operation.Kind kind, int root, long length) {
    beside.drain();
    Operation operation = next(kind, root, length);
    meeting.enter(rank, operation);
    return operation;
  }

  @Override
  public Optional<GroupFailure> failure() {
    return meeting.failure();
  }

  @Override
  public GroupFailure report(String reason) {
    GroupFailure mine = GroupFailure.passing(reason);
    meeting.fail(mine);
    return meeting.failure().orElse(mine);
  }

  @Override
  public void stalled(Operation operation, String reason) {
    meeting.stalled(operation, reason);
  }

  @Override
  public void abort(GroupFailure failure) {
    meeting.fail(failure.abortedBy(rank));
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      meeting.leave(rank);
      beside.close();
    }
  }

  /** A rank that cannot do its part must still arrive, or the others would wait for ever. */
  private void guarded(Runnable part) {
    try {
      part.run();
    } catch (RuntimeException | Error e) {
      meeting.fail(GroupFailure.passing("rank " + rank + " failed: " + e));
    }
  }

  private byte[][] exchange(Operation.Kind kind, long length, byte[] mine) {
    beside.drain();
    Offer[] offers = open(kind, Operation.NO_ROOT, length, Offer.of(mine));
    byte[][] all = new byte[worldSize][];
    for (int other = 0; other < worldSize; other++) {
      all[other] = offers[other].bytes().clone();
    }
    meeting.done();
    return all;
  }

  private Offer[] open(Operation.Kind kind, int root, long length, Offer offer) {
    return meeting.open(rank, next(kind, root, length), offer);
  }

  private Operation next(Operation.Kind kind, int root, long length) {
    if (closed.get()) {
      throw new CollectiveException("rank " + rank + " has closed its collective");
    }
    sequence++;
    return new Operation(sequence, kind, root, length);
  }
}
