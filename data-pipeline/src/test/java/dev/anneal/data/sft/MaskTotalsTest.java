package dev.anneal.data.sft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import org.junit.jupiter.api.Test;

class MaskTotalsTest {
  private static final EncodedRow MASKED =
      new EncodedRow(new int[] {1, 2, 3}, new int[] {-100, -100, -100}, false);
  private static final EncodedRow TRAINED =
      new EncodedRow(new int[] {1, 2, 3}, new int[] {1, 2, 3}, false);
  private static final EncodedRow MIXED =
      new EncodedRow(new int[] {1, 2, 3}, new int[] {1, -100, 3}, false);

  @Test
  void countsTargetsAfterTheShift() {
    assertThat(MIXED.targetCount()).isEqualTo(1);
    assertThat(MaskTotals.of(MIXED).plus(MaskTotals.of(TRAINED)))
        .isEqualTo(new MaskTotals(2, 4, 3));
  }

  @Test
  void refusesRowsThatAreAllMaskedOrAllTrainedOn() {
    assertThatThrownBy(() -> MaskTotals.of(MASKED).require(LossMask.ALL_TURNS))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid tokenize.mask: all_turns makes no token of 1 rows a target"
                + " (tokenize.chat_template does not show where the assistant speaks, or"
                + " tokenize.block_size cuts the answers off)");
    assertThatThrownBy(() -> MaskTotals.of(TRAINED).require(LossMask.LAST_TURN))
        .hasMessageStartingWith("Invalid tokenize.mask: last_turn makes every token of 1 rows");
    assertThatCode(() -> MaskTotals.of(TRAINED).require(LossMask.TRAIN_ON_PROMPT))
        .doesNotThrowAnyException();
    assertThatCode(
            () -> MaskTotals.of(TRAINED).plus(MaskTotals.of(MASKED)).require(LossMask.ALL_TURNS))
        .doesNotThrowAnyException();
    assertThatCode(() -> MaskTotals.NONE.require(LossMask.ALL_TURNS)).doesNotThrowAnyException();
  }
}
