package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.Operation;
import dev.anneal.core.net.Deadline;
import java.util.concurrent.TimeoutException;

/** A rank's part in the star: small operations, and one opinion of what went wrong. */
interface Star extends AutoCloseable {
  /** Announces an operation of the ring. */
  void enter(Operation operation);

  /**
   * Gives every rank the bytes of every rank.
   *
   * @param deadline of a rank that has never come; one that is there and alive is waited for
   */
  byte[][] exchange(Operation operation, byte[] mine, Deadline deadline)
      throws InterruptedException, TimeoutException;

  /** Reports what this rank saw; returns when the group's verdict is known here. */
  void report(String reason);

  /**
   * Says that nothing moves in an operation of the ring. Makes the group fail where all ranks are
   * in it; otherwise the rank goes on waiting. Does not block.
   */
  void stalled(Operation operation, String reason);

  /** Makes the group fail for a reason that needs no second opinion; never blocks. */
  void abort(GroupFailure failure);

  /** Takes leave of the others and closes the links. */
  @Override
  void close();
}
