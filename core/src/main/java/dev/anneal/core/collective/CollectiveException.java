package dev.anneal.core.collective;

/** A collective could not complete: a peer died, aborted, or spoke another attempt. */
public final class CollectiveException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final GroupFailure failure;

  /** A failure that a new start may not meet again. */
  public CollectiveException(String message) {
    this(GroupFailure.passing(message));
  }

  /** A failure that a new start may not meet again. */
  public CollectiveException(String message, Throwable cause) {
    this(GroupFailure.passing(message), cause);
  }

  public CollectiveException(GroupFailure failure) {
    super(failure.reason());
    this.failure = failure;
  }

  public CollectiveException(GroupFailure failure, Throwable cause) {
    super(failure.reason(), cause);
    this.failure = failure;
  }

  /** What all ranks of the group were told. */
  public GroupFailure failure() {
    return failure;
  }
}
