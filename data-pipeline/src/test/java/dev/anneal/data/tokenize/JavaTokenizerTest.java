package dev.anneal.data.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.data.tokenize.engines.Tokenizers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JavaTokenizerTest {
  private static final String TEXT = "The lamp keeper 守灯人点亮灯塔。e\u0301 <|endoftext|>";

  @ParameterizedTest
  @ValueSource(strings = {"qwen", "llama3", "gpt2"})
  void doesTheRestAsTheNativeLibrary(String family) {
    try (Tokenizer tokenizer = Tokenizers.open(TokenizerFolder.open(folder(family)));
        Tokenizer library = NativeTokenizer.open(TokenizerFolder.open(folder(family)))) {
      int[] ids = tokenizer.encode(TEXT);
      assertThat(tokenizer.engine())
          .isEqualTo(new TokenizerEngine(TokenizerEngine.Kind.BYTE_LEVEL_BPE, ""));
      assertThat(tokenizer.decode(ids)).isEqualTo(library.decode(ids));
      assertThat(tokenizer.decodeSkippingSpecial(ids))
          .isEqualTo(library.decodeSkippingSpecial(ids))
          .doesNotContain("<|endoftext|>");
      assertThat(tokenizer.vocabularySize()).isEqualTo(library.vocabularySize());
      assertThat(tokenizer.tokenId("<|im_end|>")).isEqualTo(library.tokenId("<|im_end|>"));
      assertThat(tokenizer.isSpecial(tokenizer.tokenId("<|im_end|>").orElseThrow())).isTrue();
      List<Integer> bos = List.of(tokenizer.tokenId("<|endoftext|>").orElseThrow());
      assertThat(tokenizer.documentPrefix()).isEqualTo(family.equals("llama3") ? bos : List.of());
      assertThat(tokenizer.documentSuffix()).isEmpty();
    }
  }

  @Test
  void refusesHalfASurrogatePair() {
    try (Tokenizer tokenizer = open()) {
      assertThatThrownBy(() -> tokenizer.encode("ab\uD83D"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Invalid text: half a surrogate pair U+D83D at character 2");
      assertThatThrownBy(() -> tokenizer.encodeWithOffsets("\uDE00x"))
          .hasMessage("Invalid text: half a surrogate pair U+DE00 at character 0");
      assertThat(tokenizer.encode("\uD83D\uDE00")).isNotEmpty();
    }
  }

  @Test
  void givesNothingForAnEmptyText() {
    try (Tokenizer tokenizer = open()) {
      assertThat(tokenizer.encode("")).isEmpty();
      assertThat(tokenizer.encodeWithOffsets("").size()).isZero();
    }
  }

  @Test
  void givesTheSameIdsFromManyThreads() {
    try (Tokenizer tokenizer = open()) {
      int[] expected = tokenizer.encode(TEXT);
      assertThat(
              IntStream.range(0, 2_000)
                  .parallel()
                  .mapToObj(i -> tokenizer.encode(TEXT))
                  .allMatch(ids -> Arrays.equals(ids, expected)))
          .isTrue();
    }
  }

  @Test
  void saysThatItIsClosed() {
    Tokenizer tokenizer = open();
    Utf8Encoder encoder = tokenizer.utf8Encoder();
    tokenizer.close();
    tokenizer.close();
    byte[] text = TEXT.getBytes(StandardCharsets.UTF_8);
    String message = "Cannot use the tokenizer: it is closed";
    assertThatThrownBy(() -> tokenizer.encode("a"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(message);
    assertThatThrownBy(() -> tokenizer.encodeWithOffsets("a")).hasMessage(message);
    assertThatThrownBy(tokenizer::utf8Encoder).hasMessage(message);
    assertThatThrownBy(() -> encoder.encode(text, 0, text.length, (ids, count) -> {}))
        .hasMessage(message);
    assertThatThrownBy(() -> tokenizer.decode(new int[] {1})).hasMessage(message);
  }

  private static Tokenizer open() {
    return Tokenizers.open(TokenizerFolder.open(folder("qwen")));
  }

  private static Path folder(String family) {
    return TestTokenizers.resource("/bpe/" + family);
  }
}
