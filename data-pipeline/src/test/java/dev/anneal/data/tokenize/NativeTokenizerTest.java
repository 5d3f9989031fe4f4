package dev.anneal.data.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NativeTokenizerTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path temp;

  @ParameterizedTest
  @ValueSource(strings = {"chatml", "llama3"})
  void givesTheIdsOffsetsAndTextOfHuggingFace(String name) throws IOException {
    Path folder = name.equals("chatml") ? TestTokenizers.chatml() : TestTokenizers.llama3();
    try (Tokenizer tokenizer = open(folder)) {
      for (String line : Files.readAllLines(folder.resolve("expected.jsonl"))) {
        JsonNode expected = JSON.readTree(line);
        String text = expected.get("text").asText();
        int[] ids = ints(expected.get("ids"));
        EncodedText encoded = tokenizer.encodeWithOffsets(text);

        assertThat(tokenizer.encode(text)).as(text).containsExactly(ids);
        assertThat(encoded.ids()).as(text).containsExactly(ids);
        assertThat(encoded.starts()).as(text).containsExactly(ints(expected.get("starts")));
        assertThat(encoded.ends()).as(text).containsExactly(ints(expected.get("ends")));
        assertThat(tokenizer.decode(ids)).isEqualTo(expected.get("decoded").asText());
        assertThat(tokenizer.decodeSkippingSpecial(ids))
            .isEqualTo(expected.get("decoded_plain").asText());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"chatml", "llama3"})
  void splitsSpecialTokensOnRequestAsHuggingFaceDoes(String name) throws IOException {
    Path folder = name.equals("chatml") ? TestTokenizers.chatml() : TestTokenizers.llama3();
    try (Tokenizer tokenizer =
        NativeTokenizer.open(TokenizerFolder.open(folder), SpecialTokens.SPLIT)) {
      for (String line : Files.readAllLines(folder.resolve("expected.jsonl"))) {
        JsonNode expected = JSON.readTree(line);
        assertThat(tokenizer.encode(expected.get("text").asText()))
            .as(expected.get("text").asText())
            .containsExactly(ints(expected.get("split_ids")));
      }
      int turnEnd = tokenizer.tokenId(name.equals("chatml") ? "<|im_end|>" : "<|eot_id|>").get();
      assertThat(tokenizer.decode(new int[] {turnEnd})).startsWith("<|");
    }
  }

  @Test
  void knowsItsVocabulary() throws IOException {
    try (Tokenizer tokenizer = open(TestTokenizers.chatml())) {
      int last = tokenizer.vocabularySize() - 1;
      assertThat(tokenizer.tokenId("</tool_call>")).contains(last);
      assertThat(tokenizer.tokenId("no such token")).isEmpty();
      assertThat(tokenizer.isSpecial(tokenizer.tokenId("<|im_end|>").orElseThrow())).isTrue();
      assertThat(tokenizer.isSpecial(last)).isFalse();
      assertThat(tokenizer.isSpecial(-1)).isFalse();
    }
  }

  @Test
  void findsWhatThePostProcessorAddsToADocument() {
    try (Tokenizer plain = open(TestTokenizers.chatml());
        Tokenizer llama = open(TestTokenizers.llama3())) {
      assertThat(plain.documentPrefix()).isEmpty();
      assertThat(plain.documentSuffix()).isEmpty();
      assertThat(llama.documentPrefix())
          .isEqualTo(List.of(llama.tokenId("<|begin_of_text|>").orElseThrow()));
      assertThat(llama.documentSuffix()).isEmpty();
      assertThat(llama.encode("a")).doesNotContain(llama.documentPrefix().get(0));
    }
  }

  @Test
  void neitherTruncatesNorPadsWhateverTheFileSays() throws IOException {
    Path folder = Files.createDirectories(temp.resolve("with spaces 分词器"));
    String json = Files.readString(TestTokenizers.chatml().resolve("tokenizer.json"));
    String truncating =
        json.replaceFirst(
                "\"truncation\": ?null",
                "\"truncation\":{\"direction\":\"Right\",\"max_length\":4,"
                    + "\"strategy\":\"LongestFirst\",\"stride\":0}")
            .replaceFirst(
                "\"padding\": ?null",
                "\"padding\":{\"strategy\":{\"Fixed\":16},\"direction\":\"Right\","
                    + "\"pad_to_multiple_of\":null,\"pad_id\":0,\"pad_type_id\":0,"
                    + "\"pad_token\":\"<|endoftext|>\"}");
    assertThat(truncating).contains("max_length").contains("Fixed");
    Files.writeString(folder.resolve("tokenizer.json"), truncating);
    String text = "守灯人".repeat(3000);
    try (Tokenizer tokenizer = open(folder);
        Tokenizer reference = open(TestTokenizers.chatml())) {
      assertThat(tokenizer.encode(text).length).isEqualTo(3000);
      assertThat(Arrays.equals(tokenizer.encode(text), reference.encode(text))).isTrue();
      assertThat(tokenizer.encode("a")).hasSize(1);
    }
  }

  @Test
  void refusesHalfASurrogatePair() {
    try (Tokenizer tokenizer = open(TestTokenizers.chatml())) {
      assertThatThrownBy(() -> tokenizer.encode("ab\uD83D"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Invalid text: half a surrogate pair U+D83D at character 2");
      assertThatThrownBy(() -> tokenizer.encodeWithOffsets("\uDE00x"))
          .hasMessage("Invalid text: half a surrogate pair U+DE00 at character 0");
      assertThat(tokenizer.encode("\uD83D\uDE00")).isNotEmpty();
    }
  }

  @Test
  void givesTheSameIdsFromManyThreads() {
    try (Tokenizer tokenizer = open(TestTokenizers.chatml())) {
      String text = "The lamp keeper lights the lamp. 守灯人点亮灯塔。";
      int[] expected = tokenizer.encode(text);
      assertThat(
              IntStream.range(0, 400)
                  .parallel()
                  .mapToObj(i -> tokenizer.encode(text))
                  .allMatch(ids -> Arrays.equals(ids, expected)))
          .isTrue();
    }
  }

  @Test
  void saysThatItIsClosed() {
    Tokenizer tokenizer = open(TestTokenizers.chatml());
    tokenizer.close();
    tokenizer.close();
    assertThatThrownBy(() -> tokenizer.encode("a"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Cannot use the tokenizer: it is closed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "[]", "{}", "{\"model\":{\"type\":\"Odd\",\"vocab\":{}}}"})
  void namesAFileThatIsNoTokenizer(String content) throws IOException {
    Files.writeString(temp.resolve("tokenizer.json"), content);
    TokenizerFolder folder = TokenizerFolder.open(temp);
    assertThatThrownBy(() -> NativeTokenizer.open(folder))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Cannot read tokenizer " + temp + ": ")
        .hasMessageContaining("tokenizer.json");
  }

  private static Tokenizer open(Path folder) {
    return NativeTokenizer.open(TokenizerFolder.open(folder));
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
  }
}
