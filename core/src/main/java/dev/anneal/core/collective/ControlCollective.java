package dev.anneal.core.collective;

import java.util.Optional;

/**
 * A collective that another transport leans on: ranks agree there on what they move elsewhere, and
 * learn there that the group has failed. Small operations and those announced count in one order.
 */
public interface ControlCollective extends Collective {
  /**
   * Announces an operation that this rank moves by another transport, and returns at once. Ranks
   * that announce another one, or have left, make the group fail.
   *
   * @param root the sending rank of a broadcast, else {@link Operation#NO_ROOT}
   * @param length number of values, the same on every rank
   * @throws CollectiveException when the group has failed
   */
  Operation enter(Operation.Kind kind, int root, long length);

  /** Why the group failed, once it has; any thread. */
  Optional<GroupFailure> failure();

  /**
   * Tells what this rank saw fail, and returns what the group found to be the reason: it may know
   * of an earlier one. Any thread.
   */
  GroupFailure report(String reason);

  /**
   * Says that nothing moves in an announced operation. Makes the group fail where all ranks are in
   * it; otherwise the rank goes on waiting. Does not block.
   */
  void stalled(Operation operation, String reason);
}
