package dev.anneal.data.filter;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.data.config.C4FilterConfig;
import dev.anneal.data.config.GopherQualityConfig;
import dev.anneal.data.config.GopherRepetitionConfig;
import dev.anneal.data.config.LineFilterConfig;
import dev.anneal.data.text.TextView;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class GopherTest {
  private static final String QUALITY = "tokenize.filters.gopher_quality.";

  private static String quality(String text, String... settings) {
    GopherQualityConfig rules = FilterSettings.of(settings).gopherQuality();
    return new GopherQuality(rules).reject(new TextView(text)).orElse("kept");
  }

  private static String repetition(String text) {
    GopherRepetitionConfig rules = GopherRepetitionConfig.OFF;
    return new GopherRepetition(rules).reject(new TextView(text)).orElse("kept");
  }

  private static String words(int count, String word) {
    return (word + " ").repeat(count).strip();
  }

  @Test
  void qualityBoundsWords() {
    String fine = "the cats and dogs ";
    assertThat(quality("")).isEqualTo("gopher_quality.min_doc_words");
    assertThat(quality(words(49, "of") + " !!! ---")).isEqualTo("gopher_quality.min_doc_words");
    assertThat(quality(fine.repeat(13))).isEqualTo("kept");
    assertThat(quality(fine.repeat(13), QUALITY + "max_doc_words=51"))
        .isEqualTo("gopher_quality.max_doc_words");
    assertThat(quality(words(60, "of"))).isEqualTo("gopher_quality.min_avg_word_length");
    assertThat(quality(words(60, "incomprehensible")))
        .isEqualTo("gopher_quality.max_avg_word_length");
  }

  @Test
  void qualityCountsSymbolsLinesAndLetters() {
    String fine = "the cats and dogs ".repeat(15); // 60 words
    assertThat(quality(fine + "#".repeat(7)))
        .isEqualTo("gopher_quality.max_symbol_word_ratio_hash");
    assertThat(quality(fine + "#".repeat(6))).isEqualTo("kept");
    assertThat(quality(fine + "x...y…".repeat(4)))
        .isEqualTo("gopher_quality.max_symbol_word_ratio_ellipsis");
    assertThat(quality(("• " + fine + "\n - ").repeat(5) + fine))
        .isEqualTo("gopher_quality.max_bullet_lines_ratio");
    assertThat(quality(fine + "...\n" + fine + "\n" + fine))
        .isEqualTo("gopher_quality.max_ellipsis_lines_ratio");
    assertThat(quality(fine + words(16, "2024"))).isEqualTo("gopher_quality.min_alpha_words_ratio");
    assertThat(quality(fine + words(15, "2024"))).isEqualTo("kept");
    assertThat(quality(words(60, "cats"))).isEqualTo("gopher_quality.min_stop_words");
    assertThat(quality(words(60, "cats") + " The OF")).isEqualTo("kept");
  }

  @Test
  void qualityAsksNoLengthOfChineseWords() {
    String chinese = "这是一个关于语言模型的句子，它在很多地方都有用。";
    assertThat(quality(chinese)).isEqualTo("gopher_quality.min_doc_words");
    assertThat(quality(chinese.repeat(3))).isEqualTo("kept");
    assertThat(quality("语言模型训练数据处理".repeat(6))).isEqualTo("gopher_quality.min_stop_words");
  }

  @Test
  void repetitionCountsLinesAndParagraphs() {
    assertThat(repetition("")).isEqualTo("kept");
    assertThat(repetition("a\n\nb\n\na\n\nb\n\na")).isEqualTo("gopher_repetition.dup_para_frac");
    String three = "one\n\ntwo\n\na paragraph that is long\n\na paragraph that is long";
    assertThat(repetition(three)).isEqualTo("gopher_repetition.dup_para_char_frac");
    assertThat(repetition("w\nx\ny\nw\nx")).isEqualTo("gopher_repetition.dup_line_frac");
    assertThat(repetition("one line of it\ntwo\nthree\none line of it"))
        .isEqualTo("gopher_repetition.dup_line_char_frac");
  }

  @Test
  void repetitionMeasuresNGrams() {
    List<String> words = List.of("a", "bc", "a", "bc", "a", "d");
    assertThat(GopherRepetition.commonest(words, 2)).isEqualTo(4 * 2); // "a bc", twice
    assertThat(GopherRepetition.commonest(words, 7)).isZero();
    assertThat(GopherRepetition.repeated(words, 2)).isEqualTo(3); // "a bc" again, then "a d"
    assertThat(GopherRepetition.repeated(words, 3)).isEqualTo(4); // "a bc a" overlaps itself
    assertThat(GopherRepetition.repeated(words, 4)).isZero();
    assertThat(repetition("spam eggs spam eggs and something else entirely follows"))
        .isEqualTo("gopher_repetition.top_2_gram");
  }

  @Test
  void chineseNGramsAreTwiceAsLong() {
    // Four characters in common are two words: no repeated 5-gram of words.
    String text = "人工智能技术发展迅速，人工智能应用范围广泛，未来还将继续改变社会各界的生活方式，" + "学校医院工厂都会因此受益，我们应当尽早做好准备。";
    assertThat(repetition(text)).isEqualTo("kept");
    assertThat(repetition("买一送一优惠多多快来抢购吧。".repeat(5))).startsWith("gopher_repetition.");
  }

  @Test
  void decidesAsDatatroveWhereWordsAreTheSame() throws IOException {
    JsonNode cases = new ObjectMapper().readTree(getClass().getResource("/filters/datatrove.json"));
    assertThat(cases.size()).isGreaterThan(40);
    for (JsonNode item : cases) {
      String text = item.get("text").textValue();
      assertThat(quality(text)).as(text).isEqualTo(item.get("gopher_quality").textValue());
      assertThat(repetition(text)).as(text).isEqualTo(item.get("gopher_repetition").textValue());
      String lines = new LineRules(LineFilterConfig.OFF).reject(new TextView(text)).orElse("kept");
      assertThat(lines).as(text).isEqualTo(item.get("lines").textValue());
      String c4 = new C4Rules(C4FilterConfig.OFF).reject(new TextView(text)).orElse("kept");
      assertThat(c4).as(text).isEqualTo(item.get("c4").textValue());
    }
  }
}
