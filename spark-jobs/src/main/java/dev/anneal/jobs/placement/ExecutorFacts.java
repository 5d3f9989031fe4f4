package dev.anneal.jobs.placement;

import dev.anneal.core.tensor.CudaDriver;
import dev.anneal.core.tensor.LibtorchFacts;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What one executor finds to compute with. Immutable.
 *
 * @param executor Spark's name of it
 * @param tasks that found room there
 * @param addresses of the cards that Spark gave those tasks
 * @param visible the value of CUDA_VISIBLE_DEVICES; none where it is not set
 */
public record ExecutorFacts(
    String executor,
    String host,
    int tasks,
    List<String> addresses,
    List<String> visible,
    LibtorchFacts libtorch,
    CudaDriver driver)
    implements Serializable {
  public ExecutorFacts {
    Objects.requireNonNull(executor, "executor");
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(libtorch, "libtorch");
    Objects.requireNonNull(driver, "driver");
    addresses = List.copyOf(addresses);
    visible = List.copyOf(visible);
  }

  /** The same as grants, one a card. */
  List<CardGrant> grants() {
    Optional<List<String>> seen =
        visible.isEmpty() ? Optional.empty() : CardGrant.visible(visible.get(0));
    return addresses.stream()
        .map(address -> new CardGrant(executor, List.of(address), seen))
        .toList();
  }
}
