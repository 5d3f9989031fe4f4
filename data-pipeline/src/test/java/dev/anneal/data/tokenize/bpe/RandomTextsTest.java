package dev.anneal.data.tokenize.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.data.tokenize.EncodedText;
import dev.anneal.data.tokenize.IdList;
import dev.anneal.data.tokenize.NativeTokenizer;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.TokenizerFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Thousands of random texts, other ones each time; a failure names its seed. */
class RandomTextsTest {
  private static final int TEXTS = 6_000;

  @ParameterizedTest
  @CsvSource({"qwen,MATCHED", "qwen,SPLIT", "llama3,MATCHED", "gpt2,MATCHED"})
  void givesTheIdsAndOffsetsOfTheNativeLibrary(String family, SpecialTokens specialTokens)
      throws IOException {
    long seed = new Random().nextLong();
    RandomTexts texts = new RandomTexts(seed);
    ByteLevelEncoder encoder = (ByteLevelEncoder) Families.open(family, specialTokens).newEncoder();
    TokenizerFolder folder = TokenizerFolder.open(Families.folder(family));
    try (NativeTokenizer library = NativeTokenizer.open(folder, specialTokens)) {
      for (int i = 0; i < TEXTS; i++) {
        String text = texts.next();
        EncodedText expected = library.encodeWithOffsets(text);
        EncodedText actual = encoder.encodeWithOffsets(text).orElse(expected);
        if (!Arrays.equals(ids(encoder, text), expected.ids())
            || !Arrays.equals(actual.starts(), expected.starts())
            || !Arrays.equals(actual.ends(), expected.ends())) {
          assertThat(ids(encoder, text)).as("seed %s: %s", seed, text).isEqualTo(expected.ids());
          assertThat(actual).as("seed %s: %s", seed, text).isEqualTo(expected);
        }
      }
    }
  }

  /** Windows of a few bytes put a cut, or none, at every place a text can have. */
  @ParameterizedTest
  @ValueSource(strings = {"qwen", "llama3", "gpt2"})
  void givesTheSameIdsWhereverWindowsEnd(String family) throws IOException {
    long seed = new Random().nextLong();
    RandomTexts texts = new RandomTexts(seed);
    ByteLevelBpe bpe = Families.open(family, SpecialTokens.MATCHED);
    ByteLevelEncoder whole = new ByteLevelEncoder(bpe, 1 << 20);
    for (int window = 1; window < 40; window++) {
      ByteLevelEncoder cut = new ByteLevelEncoder(bpe, window);
      for (int i = 0; i < TEXTS / 20; i++) {
        String text = texts.next() + texts.next();
        assertThat(ids(cut, text))
            .as("seed %s, window %s: %s", seed, window, text)
            .isEqualTo(ids(whole, text));
      }
    }
  }

  private static int[] ids(ByteLevelEncoder encoder, String text) throws IOException {
    byte[] utf8 = ("x" + text + "\u706f").getBytes(StandardCharsets.UTF_8);
    IdList ids = new IdList(utf8.length);
    encoder.encode(utf8, 1, utf8.length - 3, ids);
    return ids.toArray();
  }
}
