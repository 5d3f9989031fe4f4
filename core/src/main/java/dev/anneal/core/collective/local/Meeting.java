package dev.anneal.core.collective.local;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.Operation;
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
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Operation[] operations;
  private final Offer[] offers;
  private long generation;
  private int arrived;
  private boolean reading;
  private int departed = -1;
  private GroupFailure failure;

  Meeting(int worldSize) {
    this.operations = new Operation[worldSize];
    this.offers = new Offer[worldSize];
  }

  /** Waits until every rank is in this operation; returns what each offers. */
  Offer[] open(int rank, Operation operation, Offer offer) {
    lock.lock();
    try {
      if (departed >= 0) {
        fail(left(departed));
      }
      throwIfFailed();
      operations[rank] = operation;
      offers[rank] = offer;
      checkInStep(rank, operation);
      if (arrive()) {
        reading = true;
      } else {
        awaitOthers(rank, operation);
      }
      return offers;
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
      reading = false;
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
      departed = rank;
      if (!reading && arrived > 0) {
        fail(left(rank));
      }
    } finally {
      lock.unlock();
    }
  }

  private static GroupFailure left(int rank) {
    return GroupFailure.passing("rank " + rank + " has left the group");
  }

  private boolean arrive() {
    arrived++;
    if (arrived < operations.length) {
      return false;
    }
    arrived = 0;
    generation++;
    changed.signalAll();
    return true;
  }

  private void checkInStep(int rank, Operation operation) {
    for (int other = 0; other < operations.length; other++) {
      Operation theirs = operations[other];
      if (theirs != null
          && theirs.sequence() == operation.sequence()
          && !theirs.equals(operation)) {
        fail(GroupFailure.passing(Operation.outOfStep(rank, operation, other, theirs)));
        throwIfFailed();
      }
    }
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
