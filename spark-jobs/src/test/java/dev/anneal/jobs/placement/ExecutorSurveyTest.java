package dev.anneal.jobs.placement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.tensor.CudaCard;
import dev.anneal.core.tensor.CudaDriver;
import dev.anneal.core.tensor.LibtorchFacts;
import dev.anneal.jobs.config.AnnealConfig;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExecutorSurveyTest {
  private static final DevicePlan CARDS = new DevicePlan(DevicePlan.Source.SPARK, 1);
  private static final LibtorchFacts CPU =
      new LibtorchFacts("2.7.1", "/n", "avx2/avx2", "", "", "");
  private static final LibtorchFacts CUDA =
      new LibtorchFacts("2.7.1", "/n", "avx2/avx2", "12.6", "2.26.2", "");
  private static final CudaDriver NO_DRIVER = new CudaDriver("", "", List.of(), "no libcuda.so.1");

  private static CudaDriver driver(String cuda, int cards) {
    CudaCard card = new CudaCard("H100", 80L << 30, 9, 0);
    return new CudaDriver(cuda, "", java.util.Collections.nCopies(cards, card), "");
  }

  private static ExecutorFacts executor(String name, LibtorchFacts libtorch, CudaDriver driver) {
    return executor(name, List.of("0", "1"), libtorch, driver);
  }

  private static ExecutorFacts executor(
      String name, List<String> addresses, LibtorchFacts libtorch, CudaDriver driver) {
    return new ExecutorFacts(name, "h" + name, 2, addresses, List.of(), libtorch, driver);
  }

  private static DistributedConfig ranks(int number) {
    return AnnealConfig.of("distributed.world_size=" + number).distributed();
  }

  @Test
  void everythingThatIsMissingIsNamedAtOnce() {
    assertThat(
            ExecutorSurvey.problems(
                List.of(
                    executor("0", CPU, NO_DRIVER),
                    executor("1", CUDA, driver("11.4", 1)),
                    executor("2", LibtorchFacts.missing("Cannot load libtorch: x"), NO_DRIVER)),
                ranks(7),
                CARDS))
        .containsExactly(
            "Invalid distributed.world_size: 7 (must be <= 6, the ranks for which the registered"
                + " executors have room)",
            "Executor 0 on h0: libtorch 2.7.1 in /n computes on CPUs alone (make natives for CUDA"
                + " with deploy/gpu/make-natives)",
            "Executor 0 on h0: Cannot use CUDA: no libcuda.so.1",
            "Executor 1 on h1: the driver serves CUDA 11.4, and libtorch needs CUDA 12.6 (update the"
                + " driver)",
            "Executor 1 on h1: the driver shows 1 cards to ranks that need 2",
            "Executor 2 on h2: Cannot load libtorch: x",
            "Executor 2 on h2: Cannot use CUDA: no libcuda.so.1");
  }

  @Test
  void aClusterThatGivesNoExecutorIsAskedForItsGpus() {
    assertThat(ExecutorSurvey.problems(List.of(), ranks(2), CARDS))
        .containsExactly(
            "Cannot find an executor: none registered within 300 s (see"
                + " distributed.schedule_timeout_seconds; do the workers offer GPUs?)");
  }

  @Test
  void cardsThatSufficeAndRanksOnCpusAreNoProblem() {
    List<ExecutorFacts> good = List.of(executor("0", CUDA, driver("12.0", 2)));
    assertThat(ExecutorSurvey.problems(good, ranks(2), CARDS)).isEmpty();
    List<ExecutorFacts> bare = List.of(executor("0", CPU, NO_DRIVER));
    assertThat(ExecutorSurvey.problems(bare, ranks(2), CARDS.withoutCards())).isEmpty();
    DevicePlan local = new DevicePlan(DevicePlan.Source.RANK, 1);
    assertThat(
            ExecutorSurvey.problems(
                List.of(executor("0", CUDA, driver("12.8", 1))), ranks(2), local))
        .singleElement()
        .asString()
        .endsWith("the driver shows 1 cards to ranks that need 2");
  }

  @Test
  void addressesThatAreNoCardsAreNamed() {
    List<ExecutorFacts> wrong =
        List.of(executor("0", List.of("GPU-a", "1"), CUDA, driver("12.8", 2)));
    assertThat(ExecutorSurvey.problems(wrong, ranks(2), CARDS))
        .hasSize(2)
        .first()
        .asString()
        .startsWith("Executor 0 on h0: Invalid GPU address: GPU-a (must count the cards");
  }
}
