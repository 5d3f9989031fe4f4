package dev.anneal.core.collective;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/** All ranks of a group at once, a thread each. */
public final class Together {
  private Together() {}

  /** What one rank does. */
  public interface Work<C extends Collective, T> {
    T with(C member) throws Exception;
  }

  /** What each gave, by rank; the first failure is thrown once all have ended. */
  public static <C extends Collective, T> List<T> run(
      ExecutorService threads, List<C> group, Work<? super C, T> work) throws Exception {
    List<Callable<T>> calls = new ArrayList<>();
    group.forEach(member -> calls.add(() -> work.with(member)));
    List<T> results = new ArrayList<>();
    for (Future<T> future : threads.invokeAll(calls)) {
      results.add(future.get());
    }
    return results;
  }
}
