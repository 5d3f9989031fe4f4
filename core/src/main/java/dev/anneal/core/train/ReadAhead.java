package dev.anneal.core.train;

import dev.anneal.core.model.MicroBatch;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Reads the next micro-batches on a thread of its own while a step computes, two of them ahead.
 * What comes, and in which order, is what the source gives; so is what it throws. For one consumer
 * that walks step after step; owns its thread, which {@link #close} ends. No native memory.
 */
final class ReadAhead implements MicroBatchSource, AutoCloseable {
  private static final int AHEAD = 2;

  private final MicroBatchSource source;
  private final LoopSettings settings;
  private final long firstStep;
  private final BlockingQueue<Read> ready = new ArrayBlockingQueue<>(AHEAD);
  private final Thread reader;
  private long waitedNanos;

  /** A micro-batch, or why there is none. */
  private sealed interface Read {}

  private record Batch(long step, int accumulationStep, MicroBatch rows) implements Read {}

  private record Failure(Throwable reason) implements Read {}

  private ReadAhead(MicroBatchSource source, LoopSettings settings, long firstStep, String name) {
    this.source = source;
    this.settings = settings;
    this.firstStep = firstStep;
    this.reader = new Thread(this::read, name);
    reader.setDaemon(true);
  }

  /**
   * Starts to read.
   *
   * @param firstStep step (from 0) that is asked for first
   * @param name of the thread
   */
  static ReadAhead start(
      MicroBatchSource source, LoopSettings settings, long firstStep, String name) {
    ReadAhead ahead = new ReadAhead(source, settings, firstStep, name);
    ahead.reader.start();
    return ahead;
  }

  private void read() {
    try {
      for (long step = firstStep; step < settings.totalSteps(); step++) {
        for (int i = 0; i < settings.accumulationSteps(); i++) {
          ready.put(new Batch(step, i, source.at(step, i)));
        }
      }
      ready.put(new Failure(new IllegalStateException("Invalid step: after the last")));
    } catch (InterruptedException e) {
      return; // closed
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  private void fail(Throwable reason) {
    try {
      ready.put(new Failure(reason));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed: nobody asks any more
    }
  }

  @Override
  public MicroBatch at(long step, int accumulationStep) {
    long begin = System.nanoTime();
    Read next = take();
    waitedNanos += System.nanoTime() - begin;
    if (next instanceof Failure failure) {
      ready.offer(failure); // whoever asks again hears the same
      throw thrown(failure);
    }
    Batch batch = (Batch) next;
    if (batch.step != step || batch.accumulationStep != accumulationStep) {
      throw new IllegalStateException(
          "Invalid step: "
              + step
              + "."
              + accumulationStep
              + " (expected "
              + batch.step
              + "."
              + batch.accumulationStep
              + ")");
    }
    return batch.rows;
  }

  private Read take() {
    try {
      return ready.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Cannot read rows: interrupted", e);
    }
  }

  /** As it was thrown, with the trace of the thread that met it. */
  private static RuntimeException thrown(Failure failure) {
    if (failure.reason instanceof Error error) {
      throw error;
    }
    return (RuntimeException) failure.reason;
  }

  @Override
  public double epochAfter(long step) {
    return source.epochAfter(step);
  }

  /** How long the consumer waited for rows so far. */
  double waitedSeconds() {
    return waitedNanos / 1e9;
  }

  /** Ends the thread and waits until it reads no more, so that the rows may be closed. */
  @Override
  public void close() {
    reader.interrupt();
    boolean interrupted = false;
    while (reader.isAlive()) {
      try {
        reader.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
