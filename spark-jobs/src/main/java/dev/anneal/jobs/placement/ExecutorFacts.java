package dev.anneal.jobs.placement;

import dev.anneal.core.tensor.CudaDriver;
import dev.anneal.core.tensor.LibtorchFacts;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;

/**
 * What one executor finds to compute with. Immutable.
 *
 * @param executor Spark's name of it
 * @param tasks that found room there
 * @param addresses of the cards that Spark gave those tasks
 */
public record ExecutorFacts(
    String executor,
    String host,
    int tasks,
    List<String> addresses,
    LibtorchFacts libtorch,
    CudaDriver driver)
    implements Serializable {
  public ExecutorFacts {
    Objects.requireNonNull(executor, "executor");
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(libtorch, "libtorch");
    Objects.requireNonNull(driver, "driver");
    addresses = List.copyOf(addresses);
  }
}
