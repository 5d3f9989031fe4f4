package dev.anneal.core.collective.tcp;

import dev.anneal.core.net.Deadline;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeoutException;

/** Frames that wait for this rank's thread, by sender. Thread-safe. */
final class Inbox {
  private final Map<Integer, Deque<Frame>> frames = new HashMap<>();
  private final GroupHealth health;

  Inbox(GroupHealth health) {
    this.health = health;
    health.onFailure(this::wake);
  }

  synchronized void put(int peer, Frame frame) {
    frames.computeIfAbsent(peer, key -> new ArrayDeque<>()).add(frame);
    notifyAll();
  }

  /** The sender's next frame; fails when the group does. */
  synchronized Frame take(int peer, Deadline deadline)
      throws InterruptedException, TimeoutException {
    Deque<Frame> queue = frames.computeIfAbsent(peer, key -> new ArrayDeque<>());
    while (queue.isEmpty()) {
      health.throwIfFailed();
      int millis = deadline.remainingMillis();
      if (millis == 0) {
        throw new TimeoutException("for rank " + peer);
      }
      wait(millis);
    }
    return queue.remove();
  }

  private synchronized void wake() {
    notifyAll();
  }
}
