package dev.anneal.jobs.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.data.config.DecontaminateConfig;
import dev.anneal.data.config.DedupConfig;
import dev.anneal.data.config.FilterConfig;
import dev.anneal.data.config.MixingConfig;
import dev.anneal.data.config.ShuffleConfig;
import dev.anneal.data.config.SplitConfig;
import dev.anneal.data.config.TokenizeConfig;
import org.junit.jupiter.api.Test;

class DataStepsConfigTest {
  private static TokenizeConfig load(String... settings) {
    return AnnealConfig.of(settings).tokenize();
  }

  @Test
  void allStepsAreOffByDefault() {
    TokenizeConfig config = load();
    assertThat(config.filters()).isEqualTo(FilterConfig.OFF);
    assertThat(config.dedup()).isEqualTo(DedupConfig.OFF);
    assertThat(config.decontaminate()).isEqualTo(DecontaminateConfig.OFF);
    assertThat(config.split()).isEqualTo(SplitConfig.OFF);
    assertThat(config.mixing()).isEqualTo(MixingConfig.OFF);
    assertThat(config.shuffle()).isEqualTo(ShuffleConfig.OFF);
  }

  @Test
  void readsNestedSettings() {
    TokenizeConfig config =
        load(
            "tokenize.filters.length.min_words=5",
            "tokenize.filters.script.names=[Han, Latin]",
            "tokenize.filters.gopher_repetition.top_n_grams=[0.1, 0.1, 0.1]",
            "tokenize.decontaminate.paths=[a b/eval.jsonl]",
            "tokenize.split.validation=0.01",
            "tokenize.mixing.strategy=proportional");
    assertThat(config.filters().length().minWords()).isEqualTo(5);
    assertThat(config.filters().script().names()).containsExactly("Han", "Latin");
    assertThat(config.filters().gopherRepetition().topNGrams()).containsExactly(0.1, 0.1, 0.1);
    assertThat(config.decontaminate().paths()).containsExactly("a b/eval.jsonl");
    assertThat(config.split().present()).isTrue();
    assertThat(config.mixing().strategy()).isEqualTo(MixingConfig.Strategy.PROPORTIONAL);
  }

  @Test
  void refusesWhatMakesNoSense() {
    refuses(
        "tokenize.filters.length.max_words=-1",
        "Invalid tokenize.filters.length.max_words: -1 (must be >= 0)");
    refuses(
        "tokenize.filters.script.names=[Chinese]",
        "Invalid tokenize.filters.script.names: Chinese (must be a Unicode script, for example Han,"
            + " Latin, Cyrillic)");
    refuses(
        "tokenize.filters.gopher_repetition.top_n_grams=[0.1]",
        "Invalid tokenize.filters.gopher_repetition.top_n_grams: [0.1] (must be 3 shares in [0, 1],"
            + " for n = 2, 3, 4)");
    refuses(
        "tokenize.dedup.threshold=0", "Invalid tokenize.dedup.threshold: 0 (must be in (0, 1])");
    refuses(
        "tokenize.dedup.bands=4",
        "Invalid tokenize.dedup.rows: 0 (must be 0 with bands = 0, which derives both, and > 0 with"
            + " bands > 0)");
    refuses("tokenize.split.test=1", "Invalid tokenize.split.test: 1 (must be in [0, 1))");
    refuses("tokenize.split.validaton=0.1", "tokenize.split.validation");
    refuses("tokenize.decontaminate.ngram=0", "Invalid tokenize.decontaminate.ngram: 0");
  }

  private static void refuses(String setting, String message) {
    assertThatThrownBy(() -> load(setting))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }
}
