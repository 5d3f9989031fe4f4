package dev.anneal.core.optim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Against torch's rule: 65536, halved by an overflow, doubled after 2000 steps without one. */
class LossScaleTest {
  @Test
  void growsAfter2000StepsInARow() {
    LossScale scale = LossScale.START;
    for (int i = 0; i < 1999; i++) {
      scale = scale.afterUpdate();
    }
    assertThat(scale).isEqualTo(new LossScale(65536, 1999, 0));
    assertThat(scale.afterOverflow()).isEqualTo(new LossScale(32768, 0, 1));
    assertThat(scale.afterUpdate()).isEqualTo(new LossScale(131072, 0, 0));
  }

  @Test
  void isExhaustedUnderOne() {
    LossScale scale = LossScale.START;
    for (int i = 0; i < 16; i++) {
      scale = scale.afterOverflow();
      assertThat(scale.exhausted()).isFalse();
    }
    assertThat(scale.afterOverflow().exhausted()).isTrue();
    assertThat(scale.skippedSteps()).isEqualTo(16);
  }
}
