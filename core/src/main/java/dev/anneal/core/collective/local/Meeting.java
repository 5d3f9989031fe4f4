package dev.anneal.core.collective.local;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.Operation;
import dev.anneal.core.collective.OperationBoard;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Where the ranks of a local group wait for each other. Thread-safe.
 *
 * <p>Ranks read each other's memory between {@link #open} and {@link #done}. Once all have entered,
 * none may leave before all have finished reading, whatever fails meanwhile: its caller could free
 * the memory.
 */
final class Meeting {
  private static final Duration BEGUN = Duration.ofSeconds(1);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final OperationBoard board;
  private final Offer[] offers;
  private long generation;
  private int arrived;
  private GroupFailure failure;

  Meeting(int worldSize) {
    this.board = new OperationBoard(worldSize);
    this.offers = new Offer[worldSize];
  }

  /** Waits until every rank is in this operation; returns what each offers. */
  Offer[] open(int rank, Operation operation, Offer offer) {
    lock.lock();
    try {
      throwIfFailed();
      offers[rank] = offer;
      enter(rank, operation);
      if (!arrive()) {
        awaitOthers(rank, operation);
      }
      return offers;
    } finally {
      lock.unlock();
    }
  }

  /** Notes that a rank is in an operation, without waiting for the others. */
  void enter(int rank, Operation operation) {
    lock.lock();
    try {
      throwIfFailed();
      board.enter(rank, operation).ifPresent(reason -> fail(GroupFailure.passing(reason)));
      throwIfFailed();
    } finally {
      lock.unlock();
    }
  }

  /** Fails where all ranks are in an operation, and for so long that it has not just begun. */
  void stalled(Operation operation, String reason) {
    if (board.behind(operation).isEmpty() && board.quietFor(BEGUN)) {
      fail(GroupFailure.passing(reason));
    }
  }

  /** Why the group failed, once it has. */
  Optional<GroupFailure> failure() {
    lock.lock();
    try {
      return Optional.ofNullable(failure);
    } finally {
      lock.unlock();
    }
  }

  /** Waits until every rank has come this far with its part. */
  void step() {
    lock.lock();
    try {
      if (!arrive()) {
        long now = generation;
        while (generation == now) {
          changed.awaitUninterruptibly();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Like {@link #step}, and the end of the operation: a failure meanwhile surfaces here. */
  void done() {
    step();
    lock.lock();
    try {
      throwIfFailed();
    } finally {
      lock.unlock();
    }
  }

  /** Makes every rank fail; the first reason stays. */
  void fail(GroupFailure reason) {
    lock.lock();
    try {
      if (failure == null) {
        failure = reason;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The rank takes no further part; ranks that wait for it fail. */
  void leave(int rank) {
    lock.lock();
    try {
      board.leave(rank).ifPresent(reason -> fail(GroupFailure.passing(reason)));
    } finally {
      lock.unlock();
    }
  }

  private boolean arrive() {
    arrived++;
    if (arrived < offers.length) {
      return false;
    }
    arrived = 0;
    generation++;
    changed.signalAll();
    return true;
  }

  private void awaitOthers(int rank, Operation operation) {
    long now = generation;
    while (generation == now) {
      throwIfFailed();
      try {
        changed.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        fail(GroupFailure.passing("rank " + rank + " was interrupted in " + operation.describe()));
      }
    }
  }

  private void throwIfFailed() {
    if (failure != null) {
      throw new CollectiveException(failure);
    }
  }
}
