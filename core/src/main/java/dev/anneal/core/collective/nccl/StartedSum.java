package dev.anneal.core.collective.nccl;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.Work;
import java.util.function.Supplier;

/** A started operation of {@link NcclCollective}, awaited on the host; frees what it holds then. */
final class StartedSum implements Work, AutoCloseable {
  private NcclWork work;
  private CollectiveException failure;
  private double seconds;

  /** Enqueues; what fails there is told by {@link #await}. */
  StartedSum(Supplier<NcclWork> enqueue) {
    try {
      work = enqueue.get();
    } catch (CollectiveException e) {
      failure = e;
    }
  }

  @Override
  public void await() {
    if (work != null) {
      try {
        work.await();
        seconds = work.seconds();
      } catch (CollectiveException e) {
        failure = e;
      } finally {
        close();
      }
    }
    if (failure != null) {
      throw new CollectiveException(failure.failure(), failure);
    }
  }

  @Override
  public boolean over() {
    return work == null || work.done();
  }

  /** Whether it holds nothing any more. */
  boolean released() {
    return work == null;
  }

  @Override
  public double seconds() {
    return work == null ? seconds : work.seconds();
  }

  @Override
  public void close() {
    if (work != null) {
      work.close();
      work = null;
    }
  }
}
