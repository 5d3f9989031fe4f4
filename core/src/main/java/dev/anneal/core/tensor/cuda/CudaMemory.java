package dev.anneal.core.tensor.cuda;

import com.sun.jna.Pointer;

/** A run of memory of a card, or of pinned host memory, owned by whoever asked for it. */
public final class CudaMemory implements AutoCloseable {
  private final CudaRuntime runtime;
  private final Pointer address;
  private final long bytes;
  private final Kind kind;
  private boolean closed;

  /** Where it lies. */
  public enum Kind {
    CARD,
    PINNED
  }

  CudaMemory(CudaRuntime runtime, Pointer address, long bytes, Kind kind) {
    this.runtime = runtime;
    this.address = address;
    this.bytes = bytes;
    this.kind = kind;
  }

  public long address() {
    return Pointer.nativeValue(address);
  }

  public long bytes() {
    return bytes;
  }

  public Kind kind() {
    return kind;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      runtime.run("free memory", kind == Kind.CARD ? "cudaFree" : "cudaFreeHost", address);
    }
  }
}
