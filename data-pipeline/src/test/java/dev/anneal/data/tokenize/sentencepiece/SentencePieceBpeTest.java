package dev.anneal.data.tokenize.sentencepiece;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.data.tokenize.IdList;
import dev.anneal.data.tokenize.SpanEncoder;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerEngine;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.TokenizerJson;
import dev.anneal.data.tokenize.UnsupportedTokenizerException;
import dev.anneal.data.tokenize.engines.Tokenizers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SentencePieceBpeTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path temp;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/model/dropout | 0.1 | dropout",
        "/model/ignore_merges | true | ignore_merges",
        "/model/byte_fallback | false | no byte_fallback",
        "/model/end_of_word_suffix | \"</w>\" | end_of_word_suffix",
        "/model/type | \"Unigram\" | model Unigram",
        "/pre_tokenizer/replacement | \"_\" | spaces written as \"_\"",
        "/pre_tokenizer/prepend_scheme | \"second\" | prepend_scheme second",
        "/pre_tokenizer/type | \"Whitespace\" | pre-tokenizer Whitespace",
        "/pre_tokenizer | null | neither normalizer nor pre-tokenizer",
        "/normalizer | {\"type\":\"NFKC\"} | pre-tokenizer Metaspace beside a normalizer",
        "/added_tokens/0/lstrip | true | added token '<unk>' with lstrip",
        "/added_tokens/0/normalized | true | added tokens with and without normalized",
      })
  void refusesWhatItDoesNotKnow(String at, String value, String reason) throws IOException {
    String json = changed("mistral", at, value);
    assertThatThrownBy(() -> SentencePieceBpe.of(TokenizerJson.parse(json), SpecialTokens.MATCHED))
        .isInstanceOf(UnsupportedTokenizerException.class)
        .hasMessage(reason);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/normalizer/normalizers/0/type | \"Lowercase\" | normalizer Lowercase",
        "/normalizer/normalizers/0/prepend | \"x\" | spaces written as \"x\"",
        "/normalizer/normalizers/1/pattern | {\"Regex\":\" +\"} |"
            + " normalizer Replace of {\"Regex\":\" +\"}",
        "/normalizer/normalizers | [] | normalizer of 0 steps",
        "/pre_tokenizer | {\"type\":\"Digits\"} | pre-tokenizer Digits beside a normalizer",
        "/added_tokens/0/normalized | true | added token '<unk>' with normalized",
      })
  void refusesNormalizersThatItDoesNotKnow(String at, String value, String reason)
      throws IOException {
    String json = changed("llama2", at, value);
    assertThatThrownBy(() -> SentencePieceBpe.of(TokenizerJson.parse(json), SpecialTokens.MATCHED))
        .isInstanceOf(UnsupportedTokenizerException.class)
        .hasMessage(reason);
  }

  @Test
  void refusesAVocabularyWithoutAllBytes() throws IOException {
    String json = Vocabularies.json("llama2").replace("\"<0xA7>\"", "\"<byte>\"");
    assertThatThrownBy(() -> SentencePieceBpe.of(TokenizerJson.parse(json), SpecialTokens.MATCHED))
        .hasMessage("the vocabulary lacks <0xA7>");
  }

  @Test
  void refusesMergesOfByteTokens() throws IOException {
    String json =
        Vocabularies.json("llama2")
            .replaceFirst("\"vocab\": ?\\{", "\"vocab\":{\"<0xA7>a\":2000,")
            .replaceFirst("\"merges\": ?\\[", "\"merges\":[[\"<0xA7>\",\"a\"],");
    assertThatThrownBy(() -> SentencePieceBpe.of(TokenizerJson.parse(json), SpecialTokens.MATCHED))
        .hasMessage("merge 0 of a byte token");
  }

  @Test
  void fallsBackToTheLibraryAndSaysWhy() throws IOException {
    Path folder = Files.createDirectories(temp.resolve("my 分词器"));
    String json = changed("llama2", "/added_tokens/1/rstrip", "true");
    Files.writeString(folder.resolve("tokenizer.json"), json);
    try (Tokenizer tokenizer = Tokenizers.open(TokenizerFolder.open(folder))) {
      assertThat(tokenizer.engine().kind()).isEqualTo(TokenizerEngine.Kind.NATIVE);
      assertThat(tokenizer.engine().reason()).contains("added token '<s>' with rstrip");
      assertThat(tokenizer.encode("a lamp")).isNotEmpty();
    }
  }

  @Test
  void takesTheOldSpellingOfMetaspace() throws IOException {
    String old = "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\",\"add_prefix_space\":%s}";
    String always = changed("always-split", "/pre_tokenizer", old.formatted("true"));
    String never = changed("always-split", "/pre_tokenizer", old.formatted("false"));
    SpanEncoder expected = Vocabularies.encoder("always-split", SpecialTokens.MATCHED);

    assertThat(Vocabularies.ids(encoder(always), "lamp  a"))
        .isEqualTo(Vocabularies.ids(expected, "lamp  a"));
    assertThat(Vocabularies.ids(encoder(never), " lamp  a"))
        .isEqualTo(Vocabularies.ids(expected, "lamp  a"));
    assertThat(Vocabularies.ids(encoder(never), "lamp"))
        .isNotEqualTo(Vocabularies.ids(expected, "lamp"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"the", " ", "the lamp ", "TG9yZW0gaXBzdW0", "\u706f\u5854"})
  void aLongDocumentTakesTimeInProportion(String unit) throws IOException {
    SpanEncoder encoder = Vocabularies.encoder("crossing", SpecialTokens.MATCHED);
    byte[] utf8 = unit.repeat(2_000_000 / unit.length()).getBytes(StandardCharsets.UTF_8);
    IdList ids = new IdList(utf8.length);
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(60), () -> encoder.encode(utf8, 0, utf8.length, ids));
    assertThat(ids.toArray()).hasSizeGreaterThan(1000);
  }

  @Test
  void handsOverIdsInPieces() throws IOException {
    SpanEncoder encoder = Vocabularies.encoder("llama2", SpecialTokens.MATCHED);
    byte[] utf8 = "the lamp of the keeper. ".repeat(20_000).getBytes(StandardCharsets.UTF_8);
    IdList whole = new IdList(16);
    int[] largest = {0};
    encoder.encode(
        utf8,
        0,
        utf8.length,
        (piece, count) -> {
          largest[0] = Math.max(largest[0], count);
          whole.accept(piece, count);
          Arrays.fill(piece, -1);
        });
    assertThat(largest[0]).isLessThanOrEqualTo(1 << 13);
    assertThat(whole.toArray()).hasSizeGreaterThan(100_000).doesNotContain(-1);
  }

  @Test
  void refusesHalfASurrogatePair() {
    TokenizerFolder folder = TokenizerFolder.open(Vocabularies.folder("llama2"));
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThatThrownBy(() -> tokenizer.encode("ab\uD83D"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Invalid text: half a surrogate pair U+D83D at character 2");
    }
  }

  private static SpanEncoder encoder(String json) throws IOException {
    try {
      return SentencePieceBpe.of(TokenizerJson.parse(json), SpecialTokens.MATCHED).newEncoder();
    } catch (UnsupportedTokenizerException e) {
      throw new AssertionError(e);
    }
  }

  /** The file with one value replaced; {@code at} is a JSON pointer. */
  private static String changed(String name, String at, String value) throws IOException {
    JsonNode root = JSON.readTree(Vocabularies.json(name));
    int last = at.lastIndexOf('/');
    ((ObjectNode) root.at(at.substring(0, last))).set(at.substring(last + 1), JSON.readTree(value));
    return JSON.writeValueAsString(root);
  }
}
