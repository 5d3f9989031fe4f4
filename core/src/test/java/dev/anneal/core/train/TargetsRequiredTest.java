package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.data.InvalidRowException;
import org.junit.jupiter.api.Test;

class TargetsRequiredTest {
  private final StepHook hook = new TargetsRequired(3);

  @Test
  void endsARunThatSawEveryRowAndNoTarget() {
    assertThatCode(() -> hook.after(new TrainState(2, 90, 0), false)).doesNotThrowAnyException();
    assertThatThrownBy(() -> hook.after(new TrainState(3, 120, 0), false))
        .isInstanceOf(InvalidRowException.class)
        .hasMessageStartingWith("Invalid data.train: none of the rows up to step 3 has a target")
        .hasMessageContaining("tokenize.mask");
    assertThatThrownBy(() -> hook.after(new TrainState(1, 40, 0), true))
        .hasMessageContaining("up to step 1");
  }

  @Test
  void isContentWithOneTarget() {
    assertThatCode(() -> hook.after(new TrainState(3, 120, 1), true)).doesNotThrowAnyException();
  }
}
