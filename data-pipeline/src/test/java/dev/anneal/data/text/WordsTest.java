package dev.anneal.data.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class WordsTest {
  @Test
  void wordsStandBetweenWhiteSpace() {
    assertThat(Words.of("")).isEmpty();
    assertThat(Words.of(" \n\t\u00a0\u3000")).isEmpty();
    assertThat(Words.of("It's one,  two\nthree.")).containsExactly("It's", "one,", "two", "three.");
  }

  @Test
  void aCharacterWithoutSpacesIsAWord() {
    assertThat(Words.of("你好，世界。GPT-4很强")).containsExactly("你", "好", "世", "界", "GPT-4", "很", "强");
    assertThat(Words.of("カタ ไป")).containsExactly("カ", "タ", "ไ", "ป");
    assertThat(Words.of("𠀀𠀁")).containsExactly("𠀀", "𠀁");
    assertThat(Words.of("안녕 세상")).containsExactly("안녕", "세상");
    assertThat(Words.of("ที่")).containsExactly("ที่");
  }

  @Test
  void comparedWordsAreLowerCaseLettersAndDigits() {
    assertThat(NGrams.plainWords("Hello, WORLD! e\u0301t\u00e9 3.14"))
        .containsExactly("hello", "world", "\u00e9t\u00e9", "3", "14");
    assertThat(NGrams.plainWords("你好，世界！")).containsExactly("你", "好", "世", "界");
    assertThat(NGrams.plainWords("हिन्दी")).containsExactly("हिन्दी");
  }

  @Test
  void nGramsAreTheRunsOfWords() {
    List<String> words = List.of("a", "b", "a", "b", "a");
    long[] pairs = NGrams.hashes(words, 2);
    assertThat(pairs).hasSize(4);
    assertThat(pairs[0]).isEqualTo(pairs[2]).isNotEqualTo(pairs[1]);
    assertThat(NGrams.hashes(words, 6)).isEmpty();
    assertThat(NGrams.hashes(List.of("ab", "c"), 2))
        .isNotEqualTo(NGrams.hashes(List.of("a", "bc"), 2));
    assertThat(NGrams.set("a b a b a", 2)).hasSize(2).isSorted();
    assertThat(NGrams.set("one two", 5)).hasSize(1);
    assertThat(NGrams.set("", 5)).isEmpty();
    assertThat(NGrams.set("!?", 5)).isEmpty();
  }

  @Test
  void hashesAreTheSameOnEveryMachine() {
    assertThat(NGrams.hashes(List.of("hello", "世"), 2)).containsExactly(7038803866355457494L);
    assertThat(ContentHash.of(" a\u3000 b\n").high()).isEqualTo(0xc8687a08aa5d6ed2L);
  }

  @Test
  void contentHashIgnoresSpaceAndUnicodeForm() {
    ContentHash hash = ContentHash.of("caf\u00e9 ol\u00e9");
    assertThat(ContentHash.of("  cafe\u0301 \n\t ole\u0301 ")).isEqualTo(hash);
    assertThat(ContentHash.of("Caf\u00e9 ol\u00e9")).isNotEqualTo(hash);
    assertThat(ContentHash.of("caf\u00e9ol\u00e9")).isNotEqualTo(hash);
    assertThat(ContentHash.normal("\u00a0你\u3000好 ")).isEqualTo("你 好");
    assertThat(ContentHash.normal("")).isEmpty();
  }

  @Test
  void fractionsAreSpreadOverTheUnitInterval() {
    int low = 0;
    for (int i = 0; i < 10_000; i++) {
      double fraction = ContentHash.of("document " + i).fraction();
      assertThat(fraction).isBetween(0.0, 1.0);
      low += fraction < 0.1 ? 1 : 0;
    }
    assertThat(low).isBetween(900, 1100);
  }
}
