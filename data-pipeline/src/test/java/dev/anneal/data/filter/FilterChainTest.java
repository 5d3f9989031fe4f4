package dev.anneal.data.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.data.config.C4FilterConfig;
import dev.anneal.data.config.CharacterFilterConfig;
import dev.anneal.data.config.FilterConfig;
import dev.anneal.data.config.LengthFilterConfig;
import dev.anneal.data.config.LineFilterConfig;
import dev.anneal.data.config.ScriptFilterConfig;
import dev.anneal.data.text.TextView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FilterChainTest {
  private static Optional<String> reject(DocumentFilter filter, String text) {
    return filter.reject(new TextView(text));
  }

  private static void assertReason(DocumentFilter filter, String text, String reason) {
    assertThat(reject(filter, text)).contains(reason);
  }

  private static void assertKept(DocumentFilter filter, String text) {
    assertThat(reject(filter, text)).isEmpty();
  }

  @Test
  void nothingIsAskedByDefault() throws IOException {
    FilterChain chain = FilterChain.of(FilterConfig.OFF);
    assertThat(chain.isEmpty()).isTrue();
    assertThat(chain.reject("")).isEmpty();
    assertThat(FilterChain.of(FilterSettings.of("tokenize.filters.c4.enabled=true")).reject("x"))
        .contains("c4.min_sentences");
    new ObjectOutputStream(new ByteArrayOutputStream()).writeObject(chain);
  }

  @Test
  void theFirstReasonInOrderIsGiven() {
    FilterChain chain =
        FilterChain.of(
            FilterSettings.of(
                "tokenize.filters.length.max_words=3",
                "tokenize.filters.script.names=[Han]",
                "tokenize.filters.lines.enabled=true"));
    assertThat(chain.reject("four words of English")).contains("length.max_words");
    assertThat(chain.reject("three English words")).contains("script.min_share");
    assertThat(chain.reject("两个字")).contains("lines.min_terminal_ratio");
    assertThat(chain.reject("你好。")).contains("lines.max_short_ratio");
  }

  @Test
  void lengthIsInCharactersAndWords() {
    LengthFilter filter = new LengthFilter(new LengthFilterConfig(3, 8, 2, 4, 0, 0));
    assertReason(filter, "ab", "length.min_chars");
    assertReason(filter, "𠀀𠀁", "length.min_chars");
    assertReason(filter, "abcdefghi", "length.max_chars");
    assertReason(filter, "abc", "length.min_words");
    assertReason(filter, "你好世界们", "length.max_words");
    assertKept(filter, "abc de");
    assertKept(filter, "你好世界");
  }

  @Test
  void scriptIsTheShareOfLetters() {
    ScriptFilter han = new ScriptFilter(new ScriptFilterConfig(List.of("Han"), 0.5));
    assertKept(han, "你好 ab 123 !!!");
    assertReason(han, "你好 abc", "script.min_share");
    assertReason(han, "123", "script.min_share");
    assertReason(han, "", "script.min_share");
    ScriptFilter two = new ScriptFilter(new ScriptFilterConfig(List.of("han", "LATIN"), 1));
    assertKept(two, "你好 abc é");
    assertReason(two, "你好 абв", "script.min_share");
  }

  @Test
  void charactersAreSharesOfWhatIsNoSpace() {
    CharacterFilter filter = new CharacterFilter(new CharacterFilterConfig(0.5, 0.5, 10, 6));
    assertKept(filter, "ab ##"); // 2 of 4, twice at the bound
    assertReason(filter, "a ##", "characters.min_alnum_ratio");
    assertReason(
        new CharacterFilter(new CharacterFilterConfig(0, 0.4, 0, 0)),
        "ab ##",
        "characters.max_symbol_ratio");
    assertKept(filter, "你好，世界");
    assertReason(filter, "abcdefghijk", "characters.max_line_length");
    assertReason(filter, "abcdefg\nabcdef", "characters.max_mean_line_length");
    assertKept(filter, "abcdefg\nabcde\n\n");
    assertKept(new CharacterFilter(new CharacterFilterConfig(0, 0.1, 0, 0)), "हिन्दी");
  }

  @Test
  void c4CountsSentencesOfGoodLines() {
    C4Rules rules = new C4Rules(new C4FilterConfig(true, 2, 3, 10, true));
    assertKept(rules, "This is one. And this is two.");
    assertKept(rules, "这是第一句。这是第二句！");
    assertReason(rules, "This is one. And this is", "c4.min_sentences");
    assertReason(rules, "Too short.\nToo short.\nStill short.", "c4.min_sentences");
    assertReason(rules, "A sentence is cut off here...\nOne good line here.", "c4.min_sentences");
    assertReason(rules, "We use cookies here. Yes we do.\nOne good line.", "c4.min_sentences");
    assertReason(rules, "Please enable JavaScript now. Do it now.", "c4.min_sentences");
    assertReason(rules, "An extraordinarily long word. One more.", "c4.min_sentences");
    assertReason(rules, "This is one. And { this is two.", "c4.curly_bracket");
    assertReason(rules, "This is Lorem  ipsum. Lorem Ipsum is two.", "c4.lorem_ipsum");
    assertReason(rules, "", "c4.min_sentences");
    assertKept(
        new C4Rules(new C4FilterConfig(true, 1, 3, 1000, false)), "int main() { x; } is ok.");
    assertThat(C4Rules.sentences("One, 3.14 two.")).isEqualTo(1);
    assertThat(C4Rules.sentences("He said \"no.\" Then he left! Why?")).isEqualTo(3);
    assertThat(C4Rules.sentences("好。\"是吗？\"他说。")).isEqualTo(3);
  }

  @Test
  void linesAreFineWebs() {
    LineRules rules = new LineRules(new LineFilterConfig(true, 0.5, 5, 0.5, 0.2, 0.5));
    assertReason(rules, " \n", "lines.empty");
    assertReason(
        rules, "a line without end\nanother line\nand an end.", "lines.min_terminal_ratio");
    assertKept(rules, "a line without end\nand an end.");
    assertReason(rules, "one.\ntwo.\nand a longer line.", "lines.max_short_ratio");
    assertReason(
        rules, "the same line.\nthe same line.\nanother one.", "lines.max_duplicate_char_ratio");
    assertReason(rules, "longword.\nlongwords.\n\n", "lines.max_newline_word_ratio");
    assertKept(rules, "这是一个完整的句子。");
  }

  @Test
  void everyFilterIsInTheTableOfThePage() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "filters.md"));
    for (Class<?> filter : DocumentFilter.class.getPermittedSubclasses()) {
      assertThat(page).contains("`" + filter.getSimpleName() + "`");
    }
  }
}
