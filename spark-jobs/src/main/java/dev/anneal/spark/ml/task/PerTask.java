package dev.anneal.spark.ml.task;

import dev.anneal.jobs.tokenizer.OpenTokenizers;
import java.io.Serializable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.apache.spark.TaskContext;

/**
 * What a task makes of a tokenizer once and uses for all its rows; given back when the task ends,
 * however it ends. Spark may also evaluate an expression on the driver, outside of any task: then
 * it is made for that row alone. Thread-safe; serializable without what is open.
 *
 * @param <S> what is made, confined to its task
 */
public final class PerTask<S> implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Makes what a task uses; the lease stays open until the task ends. */
  @FunctionalInterface
  public interface Opening<S> extends Serializable {
    S open(OpenTokenizers.Lease lease);
  }

  private record Opened<S>(OpenTokenizers.Lease lease, S state) {}

  private final ShippedTokenizer tokenizer;
  private final Opening<S> opening;
  private final transient ConcurrentHashMap<Long, Opened<S>> open = new ConcurrentHashMap<>();

  public PerTask(ShippedTokenizer tokenizer, Opening<S> opening) {
    this.tokenizer = tokenizer;
    this.opening = opening;
  }

  private Object readResolve() {
    return new PerTask<>(tokenizer, opening);
  }

  public <R> R use(Function<S, R> work) {
    TaskContext task = TaskContext.get();
    if (task == null) {
      try (OpenTokenizers.Lease lease = tokenizer.lease()) {
        return work.apply(opening.open(lease));
      }
    }
    return work.apply(open.computeIfAbsent(task.taskAttemptId(), id -> open(task, id)).state());
  }

  private Opened<S> open(TaskContext task, long id) {
    OpenTokenizers.Lease lease = tokenizer.lease();
    task.addTaskCompletionListener(
        ended -> {
          open.remove(id);
          lease.close();
        });
    return new Opened<>(lease, opening.open(lease));
  }
}
