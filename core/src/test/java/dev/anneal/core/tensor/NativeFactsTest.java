package dev.anneal.core.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.tensor.cuda.NcclVersion;
import java.util.List;
import org.junit.jupiter.api.Test;

class NativeFactsTest {
  @Test
  void theDriverHasCardsOrAReason() {
    CudaDriver driver = CudaDriver.ofThisHost();
    assertThat(driver.cards().isEmpty()).isEqualTo(!driver.problem().isEmpty());
    driver.cards().forEach(card -> assertThat(card.memory()).isGreaterThan(1L << 30));
    assertThatThrownBy(() -> new CudaDriver("12.8", "", List.of(), ""))
        .hasMessageContaining("Expected either cards or a problem");
  }

  @Test
  void versionsAreReadAsTheirLibrariesWriteThem() {
    assertThat(CudaDriver.version(12080)).isEqualTo("12.8");
    assertThat(CudaDriver.version(11040)).isEqualTo("11.4");
    assertThat(NcclVersion.of(22602)).hasToString("2.26.2");
    assertThat(new CudaCard("H100", 80L << 30, 9, 0).computeCapability()).isEqualTo("9.0");
  }

  @Test
  void libtorchOfTheBuildKnowsTheCpuAlone() {
    LibtorchFacts facts = LibtorchFacts.ofThisProcess();
    assertThat(facts.problem()).isEmpty();
    assertThat(facts.version()).isEqualTo(TensorRuntime.libtorchVersion());
    assertThat(facts.path()).startsWith("/").doesNotEndWith("/");
    assertThat(facts.knowsCuda()).isFalse();
    assertThat(facts.nccl()).isEmpty();
    assertThat(facts.units()).matches("(other|avx2|avx512)/(other|avx2|avx512)");
  }
}
