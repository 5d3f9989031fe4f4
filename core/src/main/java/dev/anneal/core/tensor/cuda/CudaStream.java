package dev.anneal.core.tensor.cuda;

import com.sun.jna.Pointer;

/** Work of one card, done in the order in which it was asked for. Any thread of that card. */
public final class CudaStream implements AutoCloseable {
  private final CudaRuntime runtime;
  private final Pointer handle;
  private boolean closed;

  CudaStream(CudaRuntime runtime, Pointer handle) {
    this.runtime = runtime;
    this.handle = handle;
  }

  /** The {@code cudaStream_t}, for libraries that take one; NULL for the default stream. */
  public Pointer pointer() {
    return handle;
  }

  /** Work asked for from now on begins only when the event has come. Does not block the host. */
  public void waitFor(CudaEvent event) {
    runtime.run("wait for an event", "cudaStreamWaitEvent", handle, event.pointer(), 0);
  }

  /** Whether all work asked for so far is done. */
  public boolean idle() {
    return runtime.ready("ask a stream", "cudaStreamQuery", handle);
  }

  /** Blocks until all work asked for so far is done, in native code: nothing can interrupt it. */
  public void synchronize() {
    runtime.run("wait for a stream", "cudaStreamSynchronize", handle);
  }

  /** Gives the stream back; what it has still to do is done. */
  @Override
  public void close() {
    if (!closed && handle != null) {
      closed = true;
      runtime.run("close a stream", "cudaStreamDestroy", handle);
    }
  }
}
