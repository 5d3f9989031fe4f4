package dev.anneal.data.tokenize.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SplitterTest {
  @ParameterizedTest
  @CsvSource(
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "Hello world,Hello| world",
        "the lighthouses,the| lighthouses",
        "don't WE'LL 'sx 'Re,don|'t| WE|'LL| '|sx| '|Re",
        "'\u017fx 'x,'\u017f|x| '|x",
        "(a [b,(a| [|b",
        "x=1;,x|=|1|;",
        "12345,1|2|3|4|5",
        "a  b,a| | b",
        "a\t\tb,a|\t|\tb",
        "a \u3000b,a| |\u3000b",
        "\u5b88\u706f\u4eba\u3002\u706f,\u5b88\u706f\u4eba|\u3002\u706f",
        "e\u0301x,e|\u0301x",
        "a   ,a|   "
      })
  void cutsAsQwenDoes(String text, String words) {
    assertThat(words(new Cl100kSplitter(1), text)).isEqualTo(words);
  }

  @ParameterizedTest
  @CsvSource({"12345,123|45", "\u0661\u0662\u0663\u0664,\u0661\u0662\u0663|\u0664", "1a1,1|a|1"})
  void cutsNumbersAsLlama3Does(String text, String words) {
    assertThat(words(new Cl100kSplitter(3), text)).isEqualTo(words);
  }

  @ParameterizedTest
  @CsvSource(
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "Hello world,Hello| world",
        "don't WE'LL 'sx,don|'t| WE|'|LL| '|sx",
        "12345 6,12345| 6",
        " (a [b, (|a| [|b",
        "a  b,a| | b",
        "a\tb,a|\t|b",
        "a   ,a|   ",
        "e\u0301x,e|\u0301|x"
      })
  void cutsAsGpt2Does(String text, String words) {
    assertThat(words(new Gpt2Splitter(), text)).isEqualTo(words);
  }

  @ParameterizedTest
  @CsvSource({"1", "3"})
  void endsWhiteSpaceAfterItsLastLineEnd(int digits) {
    Splitter splitter = new Cl100kSplitter(digits);
    assertThat(words(splitter, "a \n \n  b")).isEqualTo("a| \n \n| | b");
    assertThat(words(splitter, "a.\r\n\r\n b")).isEqualTo("a|.\r\n\r\n| b");
    assertThat(words(splitter, "\n\n")).isEqualTo("\n\n");
    assertThat(words(new Gpt2Splitter(), "a \n\n b")).isEqualTo("a| \n\n| b");
  }

  private static String words(Splitter splitter, String text) {
    byte[] utf8 = ("<" + text + "\n").getBytes(StandardCharsets.UTF_8);
    List<String> words = new ArrayList<>();
    int at = 1;
    while (at < utf8.length - 1) {
      int end = splitter.wordEnd(utf8, at, utf8.length - 1);
      words.add(new String(utf8, at, end - at, StandardCharsets.UTF_8));
      at = end;
    }
    return String.join("|", words);
  }
}
