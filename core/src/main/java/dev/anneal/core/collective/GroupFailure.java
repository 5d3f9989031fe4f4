package dev.anneal.core.collective;

import java.io.Serializable;
import java.util.Objects;

/** Why a group failed, and whether its ranks may begin again. Immutable. */
public record GroupFailure(Outlook outlook, String reason) implements Serializable {

  /** What a new start of the ranks would do. The order is part of the wire format. */
  public enum Outlook {
    /** It may do better: a peer was lost, or the driver asked for it. */
    MAY_START_AGAIN,
    /** It would only fail again: a bad row, a loss that is not finite, no memory. */
    FINAL
  }

  public GroupFailure {
    Objects.requireNonNull(outlook, "outlook");
    Objects.requireNonNull(reason, "reason");
  }

  /** A failure that a new start may not meet again. */
  public static GroupFailure passing(String reason) {
    return new GroupFailure(Outlook.MAY_START_AGAIN, reason);
  }

  /** A failure that a new start would only repeat. */
  public static GroupFailure last(String reason) {
    return new GroupFailure(Outlook.FINAL, reason);
  }

  public boolean isFinal() {
    return outlook == Outlook.FINAL;
  }

  /** The same as the others hear it: {@code rank 2 aborted: reason}. */
  public GroupFailure abortedBy(int rank) {
    return new GroupFailure(outlook, "rank " + rank + " aborted: " + reason);
  }
}
