package dev.anneal.core.collective.nccl;

/** A call of NCCL that failed, with NCCL's own message. */
public final class NcclException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NcclException(String message) {
    super(message);
  }
}
