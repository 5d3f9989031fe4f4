package dev.anneal.data.tokenize.sentencepiece;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.data.tokenize.NativeTokenizer;
import dev.anneal.data.tokenize.SpanEncoder;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.TokenizerFolder;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Thousands of random texts, other ones each time; a failure names its seed. */
class RandomTextsTest {
  private static final int TEXTS = 5_000;

  @ParameterizedTest
  @CsvSource({
    "llama2,MATCHED",
    "llama2,SPLIT",
    "mistral,MATCHED",
    "crossing,MATCHED",
    "always-split,MATCHED",
    "no-prefix,MATCHED"
  })
  void givesTheIdsOfTheNativeLibrary(String name, SpecialTokens specialTokens) throws IOException {
    long seed = new Random().nextLong();
    SpacedTexts texts = new SpacedTexts(seed);
    SpanEncoder encoder = Vocabularies.encoder(name, specialTokens);
    TokenizerFolder folder = TokenizerFolder.open(Vocabularies.folder(name));
    try (NativeTokenizer library = NativeTokenizer.open(folder, specialTokens)) {
      for (int i = 0; i < TEXTS; i++) {
        String text = texts.next();
        int[] expected = library.encode(text);
        int[] actual = Vocabularies.ids(encoder, text);
        if (!Arrays.equals(actual, expected)) {
          assertThat(actual).as("seed %s: %s", seed, text).isEqualTo(expected);
        }
      }
    }
  }
}
