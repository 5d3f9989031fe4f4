package dev.anneal.data.tokenize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.data.tokenize.engines.Tokenizers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GrowingTextTest {
  private static final String TEXT =
      "The lamp keeper 守灯人点亮灯塔 \u00e9\u0301 \uD83D\uDE00\uD83D\uDC68\u200D\uD83D\uDC69"
          + "<s>\n\ttab\r\n"
          + "<|im_end|> \uFFFD x\uFFFD\u0000 \u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bpe/qwen",
        "bpe/gpt2",
        "bpe/llama3",
        "text/chatml-tokenizer",
        "sentencepiece/llama2",
        "sentencepiece/mistral",
        "sentencepiece/no-prefix"
      })
  void addsUpToTheDecodedTextWithoutBrokenCharacters(String name) throws IOException {
    TokenizerFolder folder = TokenizerFolder.open(Path.of("src/test/resources", name));
    TokenNames names = TokenNames.parse(folder.tokenizerJson());
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      String sound = TEXT.replace("\uFFFD", "");
      int[] ids = tokenizer.encode(sound);
      GrowingText growing = new GrowingText(tokenizer, names);
      StringBuilder text = new StringBuilder();
      for (int id : ids) {
        String piece = growing.next(id);
        assertThat(piece).doesNotContain("\uFFFD");
        assertThat(piece).isEqualTo(new String(piece.getBytes("UTF-8"), "UTF-8"));
        text.append(piece);
      }
      text.append(growing.rest());
      assertThat(text.toString()).isEqualTo(tokenizer.decodeSkippingSpecial(ids));
      assertGrows(tokenizer, names, tokenizer.encode(TEXT));
      Random random = new Random(5);
      for (int round = 0; round < 200; round++) {
        int most = round % 4 == 0 ? tokenizer.vocabularySize() + 20 : 300; // a model may have more
        int[] drawn = random.ints(random.nextInt(40), 0, most).toArray();
        assertGrows(tokenizer, names, drawn);
      }
    }
  }

  private static void assertGrows(Tokenizer tokenizer, TokenNames names, int[] ids) {
    GrowingText growing = new GrowingText(tokenizer, names);
    StringBuilder text = new StringBuilder();
    Arrays.stream(ids).forEach(id -> text.append(growing.next(id)));
    text.append(growing.rest());
    assertThat(text.toString())
        .as(Arrays.toString(ids))
        .isEqualTo(tokenizer.decodeSkippingSpecial(ids));
  }
}
