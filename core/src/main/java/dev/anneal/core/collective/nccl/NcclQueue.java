package dev.anneal.core.collective.nccl;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.ControlCollective;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.Operation;
import dev.anneal.core.net.Deadline;
import dev.anneal.core.tensor.cuda.CudaEvent;
import dev.anneal.core.tensor.cuda.CudaException;
import dev.anneal.core.tensor.cuda.CudaStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A rank's communication stream: operations on regions of its card that run while the card computes
 * and the rank goes on. Every rank enqueues the same operations in the same order. One thread at a
 * time. Owns the stream and the communicator.
 */
public final class NcclQueue implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NcclQueue.class);
  private static final Duration FINISH_LIMIT = Duration.ofSeconds(10);

  private final ControlCollective control;
  private final NcclCard card;
  private final NcclCommunicator communicator;
  private final Duration patience;
  private final CudaStream stream;
  private final NcclWatch watch;
  private final AtomicBoolean closed = new AtomicBoolean();

  NcclQueue(
      ControlCollective control,
      NcclCard card,
      NcclCommunicator communicator,
      Duration patience,
      CudaStream stream) {
    this.control = control;
    this.card = card;
    this.communicator = communicator;
    this.patience = patience;
    this.stream = stream;
    this.watch = NcclWatch.start(control, card, communicator);
  }

  /**
   * Enqueues operations, several as one group, and returns while they run. The caller closes the
   * result.
   *
   * @param after what this stream has been asked for so far is done before they begin
   * @throws CollectiveException when the group has failed
   */
  public NcclWork enqueue(CudaStream after, DeviceOperation... operations) {
    if (operations.length == 0) {
      throw new IllegalArgumentException("Invalid operations: none (must be at least one)");
    }
    List<DeviceOperation> all = List.of(operations);
    all.forEach(communicator::check);
    Operation last = null;
    CudaEvent start = null;
    CudaEvent end = null;
    boolean enqueued = false;
    try {
      for (DeviceOperation operation : all) {
        last = control.enter(operation.kind(), operation.root(), operation.region().length());
      }
      card.cuda().use(card.ordinal());
      start = card.cuda().openEvent();
      start.record(after);
      stream.waitFor(start);
      start.record(stream);
      end = card.cuda().openEvent();
      communicator.enqueue(all, stream, new Vigil(last));
      end.record(stream);
      enqueued = true;
      return new NcclWork(this, start, end, last);
    } catch (CollectiveException | NcclException | CudaException e) {
      throw failed(last, e);
    } finally {
      if (!enqueued) {
        closeEvents(start, end);
      }
    }
  }

  private static void closeEvents(CudaEvent... events) {
    for (CudaEvent event : events) {
      if (event != null) {
        event.close();
      }
    }
  }

  void await(CudaEvent event, Operation last) {
    try {
      card.cuda().use(card.ordinal());
      Polling.until(event::done, new Vigil(last));
      // What was aborted, or met an error, is done too.
      communicator.probe();
      throwIfFailed();
    } catch (CollectiveException | NcclException | CudaException e) {
      throw failed(last, e);
    }
  }

  /** Ends a wait when the group has failed or the rank is to stop; tells of one that is long. */
  private final class Vigil implements Runnable {
    private final Operation operation;
    private long since = System.nanoTime();

    Vigil(Operation operation) {
      this.operation = operation;
    }

    @Override
    public void run() {
      throwIfFailed();
      if (Thread.currentThread().isInterrupted()) {
        control.report(place(operation) + " was interrupted");
        throwIfFailed();
      }
      if (System.nanoTime() - since >= patience.toNanos()) {
        control.stalled(
            operation, place(operation) + " waited " + patience.toMillis() + " ms for its end");
        since = System.nanoTime();
      }
    }
  }

  private void throwIfFailed() {
    control
        .failure()
        .ifPresent(
            failure -> {
              throw new CollectiveException(failure);
            });
  }

  /** Aborts, and returns what the group found to be the reason once the card is at rest. */
  private CollectiveException failed(Operation operation, RuntimeException cause) {
    GroupFailure found =
        cause instanceof CollectiveException
            ? ((CollectiveException) cause).failure()
            : control.report(place(operation) + " failed: " + cause.getMessage());
    CollectiveException failed = new CollectiveException(found, cause);
    try {
      communicator.abort();
      restCard();
    } catch (NcclException | CudaException e) {
      failed.addSuppressed(e);
    }
    return failed;
  }

  /** Regions may be freed only when nothing runs on them any more. */
  private void restCard() {
    if (closed.get()) {
      return;
    }
    card.cuda().use(card.ordinal());
    Deadline deadline = Deadline.after(FINISH_LIMIT);
    Polling.until(
        stream::idle,
        () -> {
          if (deadline.expired()) {
            throw new NcclException("NCCL still runs " + FINISH_LIMIT + " after it was aborted");
          }
        });
  }

  private String place(Operation operation) {
    String in = operation == null ? "before its operation" : "in " + operation.describe();
    return "rank " + control.rank() + " " + in;
  }

  /** Waits for what was enqueued, or aborts it where the group has failed; then frees all. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    watch.close();
    card.cuda().use(card.ordinal());
    try (stream) {
      finish();
    } finally {
      communicator.abort();
    }
  }

  private void finish() {
    if (control.failure().isPresent()) {
      return;
    }
    Deadline deadline = Deadline.after(FINISH_LIMIT);
    try {
      communicator.finish(
          () -> {
            throwIfFailed();
            if (deadline.expired()) {
              throw new NcclException("NCCL has not finished in " + FINISH_LIMIT);
            }
          });
    } catch (CollectiveException | NcclException e) {
      LOG.warn("event=nccl-not-finished rank={} reason=\"{}\"", control.rank(), e.getMessage());
    }
  }
}
