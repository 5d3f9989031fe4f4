package dev.anneal.core.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.pytorch.jni.JniUtils;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The gradient mode of a thread is handed back as it was found. */
class TensorRuntimeTest {
  @BeforeEach
  void gradientsAreOn() {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
    }
  }

  @Test
  void workInsideWorkLeavesGradientsOffForTheRest() {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      boolean afterInner =
          runtime.withoutGradients(
              () -> {
                assertThat(runtime.withoutGradients(JniUtils::isGradMode)).isFalse();
                return JniUtils.isGradMode();
              });
      assertThat(afterInner).isFalse();
      assertThat(JniUtils.isGradMode()).isTrue();
    }
  }

  @Test
  void failedWorkGivesTheModeBackToo() {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      boolean afterFailure =
          runtime.withoutGradients(
              () -> {
                assertThatThrownBy(() -> runtime.withoutGradients(TensorRuntimeTest::failing))
                    .hasMessage("failed");
                return JniUtils.isGradMode();
              });
      assertThat(afterFailure).isFalse();
      assertThat(JniUtils.isGradMode()).isTrue();
    }
  }

  private static boolean failing() {
    throw new IllegalStateException("failed");
  }
}
