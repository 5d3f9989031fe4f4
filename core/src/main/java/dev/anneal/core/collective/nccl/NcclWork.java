package dev.anneal.core.collective.nccl;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.Operation;
import dev.anneal.core.tensor.cuda.CudaEvent;
import dev.anneal.core.tensor.cuda.CudaStream;

/**
 * Operations that were enqueued together. Their regions must stay, and stay untouched, until they
 * are done. Closing gives the events back and waits for nothing. One thread at a time.
 */
public final class NcclWork implements AutoCloseable {
  private final NcclQueue queue;
  private final CudaEvent start;
  private final CudaEvent event;
  private final Operation last;

  NcclWork(NcclQueue queue, CudaEvent start, CudaEvent event, Operation last) {
    this.queue = queue;
    this.start = start;
    this.event = event;
    this.last = last;
  }

  /** Whether nothing is left to wait for; {@link #await} tells whether it went well. */
  public boolean done() {
    return event.done();
  }

  /**
   * Waits on the host until the regions hold the results.
   *
   * @throws CollectiveException when the group fails; the regions are then unspecified
   */
  public void await() {
    queue.await(event, last);
  }

  /**
   * Has a stream wait instead: what it is asked for from now on finds the results. Returns at once.
   * Should the group fail, the stream goes on with what there is; the next call here throws.
   */
  public void before(CudaStream stream) {
    stream.waitFor(event);
  }

  /** How long it ran on the card, other ranks' being late included; once it is done. */
  public double seconds() {
    return event.secondsSince(start);
  }

  @Override
  public void close() {
    start.close();
    event.close();
  }
}
