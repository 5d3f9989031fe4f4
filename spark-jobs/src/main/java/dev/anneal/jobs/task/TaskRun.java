package dev.anneal.jobs.task;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Predicate;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.concurrent.ExecutionContext;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * One Spark job of a task a plan, whose results are looked at as they come: one of them may end the
 * job, so that the rest is spared. Plans and results travel as {@link JavaBytes}. Runs on the
 * driver, one thread.
 */
public final class TaskRun {
  private final JavaSparkContext spark;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

  public TaskRun(JavaSparkContext spark) {
    this.spark = spark;
  }

  /** A result, or the end of the job where its bytes are empty. */
  private record Event(int index, byte[] result) {}

  /** What one task does with its only element. */
  private static final class Call extends AbstractFunction1<Iterator<byte[]>, byte[]>
      implements Serializable {
    private static final long serialVersionUID = 1L;
    private final Function<byte[], byte[]> task;

    Call(Function<byte[], byte[]> task) {
      this.task = task;
    }

    @Override
    public byte[] apply(Iterator<byte[]> plan) {
      try {
        return task.call(plan.next());
      } catch (Exception e) {
        throw Call.<RuntimeException>as(e); // as it is, for Spark's report of the failure
      }
    }

    @SuppressWarnings("unchecked")
    private static <E extends Exception> E as(Exception e) throws E {
      throw (E) e;
    }
  }

  /**
   * The results by the index of their plan: all of them, unless {@code ends} said so of one.
   *
   * @param ends looks at each result, in the order in which they come
   */
  public <R> Map<Integer, R> run(
      List<? extends Serializable> plans,
      Function<byte[], byte[]> task,
      Class<R> type,
      Predicate<R> ends) {
    if (plans.isEmpty()) {
      return Map.of();
    }
    SimpleFutureAction<BoxedUnit> job = submit(plans, task);
    Map<Integer, R> results = new TreeMap<>();
    try {
      for (Event event = events.take(); event.result().length > 0; event = events.take()) {
        R result = JavaBytes.to(type, event.result());
        results.put(event.index(), result);
        if (ends.test(result)) {
          return results;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } finally {
      if (!job.isCompleted()) {
        job.cancel();
      }
    }
    job.value().get().get(); // throws what ended the job
    return results;
  }

  private SimpleFutureAction<BoxedUnit> submit(
      List<? extends Serializable> plans, Function<byte[], byte[]> task) {
    List<byte[]> bytes = new ArrayList<>();
    List<Object> partitions = new ArrayList<>();
    for (Serializable plan : plans) {
      partitions.add(bytes.size());
      bytes.add(JavaBytes.of(plan));
    }
    SimpleFutureAction<BoxedUnit> job =
        spark
            .sc()
            .<byte[], byte[], BoxedUnit>submitJob(
                spark.parallelize(bytes, bytes.size()).rdd(),
                new Call(task),
                JavaConverters.asScalaBuffer(partitions),
                (index, result) -> {
                  events.add(new Event((Integer) index, result));
                  return BoxedUnit.UNIT;
                },
                () -> BoxedUnit.UNIT);
    job.onComplete(
        end -> events.add(new Event(-1, new byte[0])),
        ExecutionContext.fromExecutor(Runnable::run));
    return job;
  }
}
