package dev.anneal.core.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.config.ConfigException;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NextTokenTest {
  private static final int[] HISTORY = {0};

  private static GenerationSettings drawn(double temperature, int topK, double topP) {
    return new GenerationSettings(1, true, temperature, topK, topP, 1, 0, Set.of(), 5);
  }

  private static double[] shares(GenerationSettings settings, float... logits) {
    NextToken choice = new NextToken(settings);
    double[] shares = new double[logits.length];
    int draws = 20_000;
    for (int i = 0; i < draws; i++) {
      shares[choice.choose(logits.clone(), HISTORY, HISTORY.length, i)] += 1.0 / draws;
    }
    return shares;
  }

  private static void requireShares(double[] actual, double... expected) {
    assertThat(actual).containsExactly(expected, within(0.015));
  }

  private static float ln(double value) {
    return (float) Math.log(value);
  }

  @Test
  void drawsByProbability() {
    requireShares(shares(drawn(1, 0, 1), ln(1), ln(6), ln(3)), 0.1, 0.6, 0.3);
  }

  @Test
  void temperatureSharpensAndFlattens() {
    requireShares(shares(drawn(0.5, 0, 1), ln(1), ln(3)), 0.1, 0.9);
    requireShares(shares(drawn(1e6, 0, 1), ln(1), ln(3)), 0.5, 0.5);
  }

  @Test
  void topKKeepsTheLargest() {
    requireShares(shares(drawn(1, 2, 1), ln(1), ln(6), ln(2), ln(1)), 0, 0.75, 0.25, 0);
    requireShares(shares(drawn(1, 9, 1), ln(1), ln(1)), 0.5, 0.5);
  }

  @Test
  void topPKeepsTheTokenThatCrossesTheSum() {
    requireShares(shares(drawn(1, 0, 0.5), ln(4), ln(6)), 0, 1);
    requireShares(shares(drawn(1, 0, 0.61), ln(4), ln(6)), 0.4, 0.6);
    requireShares(shares(drawn(1, 3, 0.7), ln(1), ln(6), ln(2), ln(1)), 0, 0.75, 0.25, 0);
  }

  @Test
  void ofEqualLogitsTheFirstIdWins() {
    assertThat(
            new NextToken(drawn(1, 1, 1))
                .choose(new float[] {-1, 2, 2, 2}, HISTORY, HISTORY.length, 0))
        .isEqualTo(1);
    NextToken greedy = new NextToken(GenerationSettings.greedy(1, Set.of()));
    assertThat(greedy.choose(new float[] {-1, 2, 2, 2}, HISTORY, HISTORY.length, 0)).isEqualTo(1);
  }

  @Test
  void forbiddenTokensAreNeverDrawn() {
    GenerationSettings settings = new GenerationSettings(1, true, 1, 0, 1, 1, 1, Set.of(), 5);
    NextToken choice = new NextToken(settings);
    for (int i = 0; i < 200; i++) {
      assertThat(choice.choose(new float[] {9, 1, 1}, new int[] {0, 2, 1}, 2, i)).isEqualTo(1);
    }
  }

  @Test
  void refusesLogitsThatAreNoNumbers() {
    for (GenerationSettings settings :
        new GenerationSettings[] {
          drawn(1, 0, 1), drawn(1, 2, 1), GenerationSettings.greedy(1, Set.of())
        }) {
      assertThatThrownBy(
              () ->
                  new NextToken(settings)
                      .choose(
                          new float[] {Float.NaN, Float.NaN, Float.NaN},
                          HISTORY,
                          HISTORY.length,
                          0))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("the model's logits are NaN");
    }
  }
}
