package dev.anneal.core.collective;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;

/**
 * Runs operations of one rank in the order in which they are started, beside the thread that starts
 * them. The thread is made at the first start. Used by the rank's thread; {@link #close} from any.
 */
public final class CommunicationThread implements AutoCloseable {
  private final String name;
  private ExecutorService executor;
  private volatile Thread thread;
  private volatile boolean interrupted;
  private Started last;

  public CommunicationThread(String name) {
    this.name = name;
  }

  /** Queues an operation. */
  public Work start(Runnable operation) {
    Started work = new Started(operation);
    executor().execute(work.task);
    last = work;
    return work;
  }

  /** Until all that was started is over, whatever its end; before an operation of the caller. */
  public void drain() {
    if (last != null) {
      last.untilOver();
      last = null;
    }
  }

  /** An interrupted rank takes part in nothing more: what is queued is interrupted too. */
  private void interrupt() {
    interrupted = true;
    thread.interrupt();
  }

  private synchronized ExecutorService executor() {
    if (executor == null) {
      executor =
          Executors.newSingleThreadExecutor(
              work -> {
                Thread made = new Thread(work, name);
                made.setDaemon(true);
                thread = made;
                return made;
              });
    }
    return executor;
  }

  /** What is queued still runs: the group that it belongs to must have failed or be done. */
  @Override
  public synchronized void close() {
    if (executor != null) {
      executor.shutdown();
    }
  }

  private final class Started implements Work {
    private final FutureTask<Void> task;
    private volatile double seconds;

    Started(Runnable operation) {
      this.task = new FutureTask<>(() -> timed(operation), null);
    }

    private void timed(Runnable operation) {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      long begin = System.nanoTime();
      try {
        operation.run();
      } finally {
        seconds = (System.nanoTime() - begin) / 1e9;
      }
    }

    @Override
    public void await() {
      untilOver();
      boolean told = Thread.interrupted();
      try {
        task.get();
      } catch (InterruptedException e) {
        throw new IllegalStateException("Interrupted beside an operation that is over", e);
      } catch (ExecutionException e) {
        throw failure(e.getCause());
      } finally {
        if (told) {
          Thread.currentThread().interrupt();
        }
      }
    }

    private static RuntimeException failure(Throwable cause) {
      if (cause instanceof Error error) {
        throw error;
      }
      return cause instanceof RuntimeException failure
          ? failure
          : new IllegalStateException("Cannot complete an operation", cause);
    }

    /** An interrupt of the waiting thread is one of the operation, which tells the group. */
    void untilOver() {
      boolean told = false;
      while (!task.isDone()) {
        try {
          task.get();
        } catch (InterruptedException e) {
          told = true;
          interrupt();
        } catch (ExecutionException e) {
          break; // told by await()
        }
      }
      if (told) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public boolean over() {
      return task.isDone();
    }

    @Override
    public double seconds() {
      return seconds;
    }
  }
}
