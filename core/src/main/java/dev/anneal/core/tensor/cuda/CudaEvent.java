package dev.anneal.core.tensor.cuda;

import com.sun.jna.Pointer;

/** A point in a stream's work. One thread at a time. */
public final class CudaEvent implements AutoCloseable {
  private final CudaRuntime runtime;
  private final Pointer handle;
  private boolean closed;

  CudaEvent(CudaRuntime runtime, Pointer handle) {
    this.runtime = runtime;
    this.handle = handle;
  }

  Pointer pointer() {
    return handle;
  }

  /** The event comes when the stream has done what it was asked for so far. */
  public void record(CudaStream stream) {
    runtime.run("record an event", "cudaEventRecord", handle, stream.pointer());
  }

  /** Whether it has come; true for one that was never recorded. */
  public boolean done() {
    return runtime.ready("ask an event", "cudaEventQuery", handle);
  }

  /** The card's time from another event to this one; both have come. */
  public double secondsSince(CudaEvent start) {
    return runtime.secondsBetween(start.handle, handle);
  }

  /** Blocks until it has come, in native code: nothing can interrupt it. */
  public void synchronize() {
    runtime.run("wait for an event", "cudaEventSynchronize", handle);
  }

  /** Gives the event back; streams that wait for it still do. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      runtime.run("close an event", "cudaEventDestroy", handle);
    }
  }
}
