package dev.anneal.data.tokenize.sentencepiece;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.data.tokenize.EncodedText;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerEngine;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What tokenizers 0.23.3 gives, recorded by {@code interop/fixtures/make_sentencepiece.py}. */
class RecordedIdsTest {
  @ParameterizedTest
  @ValueSource(strings = {"llama2", "mistral", "crossing", "always-split", "no-prefix"})
  void givesTheIdsOfHuggingFace(String name) throws IOException {
    try (Tokenizer tokenizer = open(name, SpecialTokens.MATCHED)) {
      for (JsonNode line : lines(name)) {
        String text = line.get("text").asText();
        assertThat(tokenizer.encode(text)).as(text).containsExactly(ints(line.get("ids")));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama2", "mistral", "crossing", "always-split", "no-prefix"})
  void splitsSpecialTokensAsHuggingFaceDoes(String name) throws IOException {
    int different = 0;
    try (Tokenizer tokenizer = open(name, SpecialTokens.SPLIT)) {
      for (JsonNode line : lines(name)) {
        String text = line.get("text").asText();
        JsonNode ids = line.has("split_ids") ? line.get("split_ids") : line.get("ids");
        assertThat(tokenizer.encode(text)).as(text).containsExactly(ints(ids));
        different += line.has("split_ids") ? 1 : 0;
      }
    }
    assertThat(different).isGreaterThan(20);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama2", "mistral"})
  void givesOffsetsForTheSameIds(String name) throws IOException {
    try (Tokenizer tokenizer = open(name, SpecialTokens.MATCHED)) {
      for (JsonNode line : lines(name)) {
        String text = line.get("text").asText();
        EncodedText encoded = tokenizer.encodeWithOffsets(text);
        assertThat(encoded.ids()).as(text).containsExactly(ints(line.get("ids")));
        if (encoded.size() > 0) {
          assertThat(encoded.ends()[encoded.size() - 1]).as(text).isEqualTo(text.length());
        }
      }
    }
  }

  private static Tokenizer open(String name, SpecialTokens specialTokens) {
    TokenizerFolder folder = TokenizerFolder.open(Vocabularies.folder(name));
    Tokenizer tokenizer = Tokenizers.open(folder, specialTokens);
    assertThat(tokenizer.engine())
        .isEqualTo(new TokenizerEngine(TokenizerEngine.Kind.SENTENCEPIECE_BPE, ""));
    return tokenizer;
  }

  private static List<JsonNode> lines(String name) throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(Vocabularies.folder(name).resolve("expected.jsonl"))) {
      lines.add(json.readTree(line));
    }
    return lines;
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
  }
}
