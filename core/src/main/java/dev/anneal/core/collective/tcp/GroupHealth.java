package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.GroupFailure;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Whether this rank's group still works; the first failure stays. Thread-safe. */
final class GroupHealth {
  private final AtomicReference<GroupFailure> failure = new AtomicReference<>();
  private final CountDownLatch failed = new CountDownLatch(1);
  private final List<Runnable> wakers = new CopyOnWriteArrayList<>();

  /** Runs on a failure, to wake whoever waits; must not block. */
  void onFailure(Runnable waker) {
    wakers.add(waker);
  }

  /** Returns whether this was the first failure. */
  boolean fail(GroupFailure reason) {
    if (!failure.compareAndSet(null, reason)) {
      return false;
    }
    failed.countDown();
    wakers.forEach(Runnable::run);
    return true;
  }

  Optional<GroupFailure> failure() {
    return Optional.ofNullable(failure.get());
  }

  void throwIfFailed() {
    GroupFailure reason = failure.get();
    if (reason != null) {
      throw new CollectiveException(reason);
    }
  }

  /** Waits for a failure that another thread is about to report. */
  void awaitFailure(Duration limit) {
    try {
      if (!failed.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
