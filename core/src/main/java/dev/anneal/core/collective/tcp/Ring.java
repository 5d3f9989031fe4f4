package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.Operation;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Moves regions round the ring. One thread both sends and receives, on non-blocking sockets, so
 * that no size of region can make the ranks wait for each other. One operation at a time; {@link
 * #wake} from any thread.
 */
final class Ring implements AutoCloseable {
  private final RingLinks links;
  private final GroupHealth health;
  private final Duration patience;
  private final Staging staging = Staging.allocate();
  private final Selector selector;
  private final SelectionKey nextKey;
  private final SelectionKey previousKey;

  /** Hears that nothing has moved for a while; returns to wait on. */
  interface StallListener {
    void stalled(String waitedFor);
  }

  /**
   * @param patience without a byte moved until the stall is told
   */
  Ring(RingLinks links, GroupHealth health, Duration patience) throws IOException {
    this.links = links;
    this.health = health;
    this.patience = patience;
    this.selector = Selector.open();
    try {
      links.next().configureBlocking(false);
      links.previous().configureBlocking(false);
      this.nextKey = links.next().register(selector, 0);
      this.previousKey = links.previous().register(selector, 0);
    } catch (IOException | RuntimeException e) {
      selector.close();
      throw e;
    }
    health.onFailure(selector::wakeup);
  }

  /** Takes part in one operation, for as long as it takes while the group is well. */
  void run(Operation operation, RingPlan plan, StallListener stalls) throws IOException {
    try {
      runUnlessClosed(operation, plan, stalls);
    } catch (ClosedSelectorException | CancelledKeyException e) {
      throw new ClosedChannelException();
    }
  }

  private void runUnlessClosed(Operation operation, RingPlan plan, StallListener stalls)
      throws IOException {
    RingSender sender =
        new RingSender(links.next(), links.nextRank(), header(operation, plan), plan);
    RingReceiver receiver = new RingReceiver(links, operation, plan, staging);
    long lastProgress = System.nanoTime();
    while (!sender.done() || !receiver.done()) {
      health.throwIfFailed();
      long moved = receiver.receive() + sender.send(receiver.arrived());
      long waited = System.nanoTime() - lastProgress;
      if (moved > 0) {
        lastProgress = System.nanoTime();
      } else if (waited >= patience.toNanos()) {
        stalls.stalled(waitedFor(receiver));
        lastProgress = System.nanoTime();
      } else {
        await(sender, receiver, patience.toNanos() - waited);
      }
    }
  }

  private ByteBuffer header(Operation operation, RingPlan plan) {
    ByteBuffer header = ByteBuffer.allocateDirect(OperationHeader.BYTES);
    if (!plan.sends()) {
      return header.limit(0);
    }
    OperationHeader.write(header, links.attempt(), operation);
    return header.flip();
  }

  private String waitedFor(RingReceiver receiver) {
    return receiver.done()
        ? "to send to rank " + links.nextRank()
        : "for rank " + links.previousRank();
  }

  private void await(RingSender sender, RingReceiver receiver, long nanos) throws IOException {
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedIOException("interrupted");
    }
    nextKey.interestOps(sender.ready(receiver.arrived()) ? SelectionKey.OP_WRITE : 0);
    previousKey.interestOps(receiver.done() ? 0 : SelectionKey.OP_READ);
    selector.select(Math.max(1, TimeUnit.NANOSECONDS.toMillis(nanos)));
    selector.selectedKeys().clear();
  }

  @Override
  public void close() throws IOException {
    try {
      selector.close();
    } finally {
      links.close();
    }
  }
}
