package dev.anneal.core.tensor.cuda;

/** A call of the CUDA runtime that failed, with the runtime's own message. */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int code;

  CudaException(String message, int code) {
    super(message);
    this.code = code;
  }

  /** The runtime's number, as {@code cudaError} has it: 2 is out of memory. */
  public int code() {
    return code;
  }
}
