package dev.anneal.core.questions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.report.AnswerScore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExactMatchTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Blue copper.|blue copper",
        "  blue   copper \t|Blue Copper!",
        "蓝铜。|蓝铜",
        "蓝铜！？|蓝铜",
        "１２３４|1234",
        "ＡＢＣ，|abc",
        "3.5.|3.5",
        "It is Tamar ...|it is tamar…",
        "Tōru|To\u0304ru",
      })
  void matchesAfterNormalisation(String answer, String expected) {
    assertThat(ExactMatch.matches(answer, expected)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "blue copper or green|blue copper",
        "copper|blue copper",
        "3.5|35",
        "''|blue",
        "'。'|'！'",
        "don't|dont",
        "50%|50"
      })
  void matchesNothingElse(String answer, String expected) {
    assertThat(ExactMatch.matches(answer, expected)).isFalse();
  }

  @Test
  void scoresAddUp() {
    AnswerScore sum = new AnswerScore(1, 4).plus(new AnswerScore(2, 4));

    assertThat(sum).isEqualTo(new AnswerScore(3, 8));
    assertThat(sum.share()).isEqualTo(0.375);
    assertThat(AnswerScore.notMeasured().share()).isNaN();
    assertThatThrownBy(() -> new AnswerScore(5, 4))
        .hasMessage("Invalid correct: 5 (must be 0 to 4)");
  }
}
