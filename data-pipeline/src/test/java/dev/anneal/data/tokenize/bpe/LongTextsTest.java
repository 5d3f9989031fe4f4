package dev.anneal.data.tokenize.bpe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.data.tokenize.IdList;
import dev.anneal.data.tokenize.NativeTokenizer;
import dev.anneal.data.tokenize.SpanEncoder;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.TokenizerFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LongTextsTest {
  private static final int LENGTH = 100_000;

  /** The library has its own heap, so it is quick as well. */
  @ParameterizedTest
  @ValueSource(strings = {"a", "la", "\u706f", "e\u0301", " ", "\n ", "!", "\u706f\u0301", "7"})
  @Timeout(60)
  void encodesAWordOfAnyLength(String part) throws IOException {
    givesTheIdsOfTheNativeLibrary("qwen", part.repeat(LENGTH / part.length()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen", "llama3", "gpt2"})
  @Timeout(60)
  void encodesARandomWordOfAnyLength(String family) throws IOException {
    Random random = new Random(5);
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < LENGTH; i++) {
      word.append((char) ('a' + random.nextInt(20)));
    }
    givesTheIdsOfTheNativeLibrary(family, word.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen", "llama3", "gpt2"})
  void encodesATextOfManyWindows(String family) throws IOException {
    RandomTexts texts = new RandomTexts(11);
    StringBuilder text = new StringBuilder();
    while (text.length() < LENGTH) {
      text.append(texts.next());
    }
    givesTheIdsOfTheNativeLibrary(family, text.toString());
  }

  @Test
  void handsIdsOverInPieces() throws IOException {
    byte[] utf8 = "The lamp keeper. ".repeat(20_000).getBytes(StandardCharsets.UTF_8);
    SpanEncoder encoder = Families.open("qwen", SpecialTokens.MATCHED).newEncoder();
    int[] largest = {0};
    int[] pieces = {0};
    encoder.encode(
        utf8,
        0,
        utf8.length,
        (ids, count) -> {
          largest[0] = Math.max(largest[0], count);
          pieces[0]++;
        });
    assertThat(largest[0]).isBetween(1, 1 << 13);
    assertThat(pieces[0]).isGreaterThan(5);
  }

  @Test
  void goesOnAfterASinkThatFailed() throws IOException {
    byte[] utf8 = "lamp ".repeat(10_000).getBytes(StandardCharsets.UTF_8);
    SpanEncoder encoder = Families.open("qwen", SpecialTokens.MATCHED).newEncoder();
    assertThatThrownBy(
            () ->
                encoder.encode(
                    utf8,
                    0,
                    utf8.length,
                    (ids, count) -> {
                      throw new IOException("disk full");
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage("disk full");
    IdList again = new IdList(16);
    encoder.encode(utf8, 0, 4, again);
    IdList fresh = new IdList(16);
    Families.open("qwen", SpecialTokens.MATCHED).newEncoder().encode(utf8, 0, 4, fresh);
    assertThat(again.toArray()).isEqualTo(fresh.toArray()).isNotEmpty();
  }

  private static void givesTheIdsOfTheNativeLibrary(String family, String text) throws IOException {
    SpanEncoder encoder = Families.open(family, SpecialTokens.MATCHED).newEncoder();
    IdList ids = new IdList(text.length());
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    encoder.encode(utf8, 0, utf8.length, ids);
    TokenizerFolder folder = TokenizerFolder.open(Families.folder(family));
    try (NativeTokenizer library = NativeTokenizer.open(folder)) {
      assertThat(Arrays.equals(ids.toArray(), library.encode(text))).isTrue();
    }
  }
}
