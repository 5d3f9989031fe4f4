package dev.anneal.core.collective.nccl;

import com.sun.jna.Pointer;
import dev.anneal.core.collective.Chunks;
import dev.anneal.core.collective.Operation;
import dev.anneal.core.tensor.cuda.CudaStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * One rank's place among ranks that have joined. Thread-safe: one call at a time. Owns the native
 * communicator until it is finished or aborted; afterwards only {@link #abort} may be called.
 */
final class NcclCommunicator {
  private final NcclLibrary nccl;
  private final int rank;
  private final int worldSize;
  private Pointer handle;

  private NcclCommunicator(NcclLibrary nccl, int rank, int worldSize) {
    this.nccl = nccl;
    this.rank = rank;
    this.worldSize = worldSize;
  }

  /**
   * Joins; returns when all ranks have.
   *
   * @param unlessOver throws to give up
   */
  static NcclCommunicator join(
      NcclLibrary nccl, byte[] uniqueId, int rank, int worldSize, Runnable unlessOver) {
    NcclCommunicator joined = new NcclCommunicator(nccl, rank, worldSize);
    joined.handle = nccl.startJoining(uniqueId, rank, worldSize);
    joined.untilReady(unlessOver);
    return joined;
  }

  /** Refuses what no rank could do. */
  void check(DeviceOperation operation) {
    switch (operation.kind()) {
      case REDUCE_SCATTER, ALL_GATHER -> Chunks.equal(operation.region().length(), worldSize);
      case BROADCAST -> Objects.checkIndex(operation.root(), worldSize);
      case ALL_REDUCE -> {}
      default ->
          throw new IllegalArgumentException("Unsupported operation on a card: " + operation);
    }
  }

  /**
   * Puts operations into a stream, several as one group, and returns when they are in it. The first
   * ones wait for all ranks, since NCCL connects them then.
   *
   * <p>An all-reduce is a reduce-scatter and an all-gather, so that both forms of a sum have the
   * same bits; NCCL's own may choose another order. Values that do not divide go by NCCL's own.
   *
   * @param unlessOver throws to give up
   */
  synchronized void enqueue(
      List<DeviceOperation> operations, CudaStream stream, Runnable unlessOver) {
    List<DeviceOperation> first = new ArrayList<>();
    List<DeviceOperation> second = new ArrayList<>();
    for (DeviceOperation operation : operations) {
      DeviceRegion region = operation.region();
      long even = region.length() / worldSize * worldSize;
      if (operation.kind() != Operation.Kind.ALL_REDUCE || worldSize == 1) {
        first.add(operation);
      } else {
        first.add(DeviceOperation.reduceScatterSum(region.slice(0, even)));
        first.add(DeviceOperation.allReduceSum(region.slice(even, region.length() - even)));
        second.add(DeviceOperation.allGather(region.slice(0, even)));
      }
    }
    start(first, stream.pointer(), unlessOver);
    start(second, stream.pointer(), unlessOver);
  }

  private void start(List<DeviceOperation> operations, Pointer stream, Runnable unlessOver) {
    List<DeviceOperation> filled =
        operations.stream().filter(operation -> operation.region().length() > 0).toList();
    if (filled.isEmpty()) {
      return;
    }
    Pointer communicator = handle();
    if (filled.size() == 1) {
      start(filled.get(0), communicator, stream);
    } else {
      startGroup(filled, communicator, stream);
    }
    untilReady(unlessOver);
  }

  private void startGroup(List<DeviceOperation> operations, Pointer communicator, Pointer stream) {
    nccl.startGroup();
    try {
      operations.forEach(operation -> start(operation, communicator, stream));
    } catch (NcclException e) {
      endFailedGroup(e);
      throw e;
    }
    nccl.endGroup();
  }

  private void endFailedGroup(NcclException first) {
    try {
      nccl.endGroup();
    } catch (NcclException e) {
      first.addSuppressed(e);
    }
  }

  private void start(DeviceOperation operation, Pointer communicator, Pointer stream) {
    DeviceRegion region = operation.region();
    DeviceRegion own = region.chunk(rank, worldSize);
    switch (operation.kind()) {
      case ALL_REDUCE -> nccl.allReduce(region, communicator, stream);
      case REDUCE_SCATTER -> nccl.reduceScatter(region, own, communicator, stream);
      case ALL_GATHER -> nccl.allGather(region, own, communicator, stream);
      case BROADCAST -> nccl.broadcast(region, operation.root(), communicator, stream);
      default -> throw new IllegalStateException("Unchecked operation: " + operation);
    }
  }

  /** Throws what NCCL found wrong since it was asked last. */
  synchronized void probe() {
    if (handle != null) {
      nccl.ready(handle);
    }
  }

  /**
   * Waits until what was enqueued has reached the other ranks, then closes.
   *
   * @param unlessOver throws to give up
   */
  synchronized void finish(Runnable unlessOver) {
    if (handle == null) {
      return;
    }
    nccl.startFinishing(handle);
    untilReady(unlessOver);
    Pointer finished = handle;
    handle = null;
    nccl.destroy(finished);
  }

  /** Ends what runs on the card, whatever the other ranks do; the first call counts. */
  synchronized void abort() {
    if (handle != null) {
      Pointer aborted = handle;
      handle = null;
      nccl.abort(aborted);
    }
  }

  private synchronized void untilReady(Runnable unlessOver) {
    try {
      Polling.until(() -> nccl.ready(handle()), unlessOver);
    } catch (RuntimeException | Error e) {
      abort();
      throw e;
    }
  }

  private Pointer handle() {
    if (handle == null) {
      throw new NcclException("NCCL's communicator of rank " + rank + " is closed");
    }
    return handle;
  }
}
