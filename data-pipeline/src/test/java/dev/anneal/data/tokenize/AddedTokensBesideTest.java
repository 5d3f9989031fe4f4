package dev.anneal.data.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.config.ConfigException;
import dev.anneal.data.tokenize.engines.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tokens and options that stand only beside tokenizer.json, against what AutoTokenizer of
 * transformers 5 gives, recorded by {@code interop/fixtures/make_added_tokens.py}.
 */
class AddedTokensBesideTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path RESOURCES = Path.of("src/test/resources");

  @TempDir Path temp;

  private static JsonNode recording() throws IOException {
    return JSON.readTree(RESOURCES.resolve("added-tokens.json").toFile());
  }

  private static Stream<Arguments> cases() throws IOException {
    List<Arguments> cases = new ArrayList<>();
    recording().get("cases").forEach(c -> cases.add(Arguments.of(c.get("name").asText(), c)));
    return cases.stream();
  }

  private TokenizerFolder folder(JsonNode given) throws IOException {
    Path base = RESOURCES.resolve(given.get("base").asText());
    ObjectNode file = (ObjectNode) JSON.readTree(base.resolve("tokenizer.json").toFile());
    ArrayNode kept = JSON.createArrayNode();
    List<String> lost = new ArrayList<>();
    given.get("lost").forEach(token -> lost.add(token.asText()));
    file.get("added_tokens")
        .forEach(
            t -> kept.addAll(lost.contains(t.get("content").asText()) ? List.of() : List.of(t)));
    file.set("added_tokens", kept);
    JSON.writeValue(temp.resolve("tokenizer.json").toFile(), file);
    for (var beside : given.get("files").properties()) {
      JSON.writeValue(temp.resolve(beside.getKey()).toFile(), beside.getValue());
    }
    return TokenizerFolder.open(temp);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void givesTheIdsOfTransformers(String name, JsonNode given) throws IOException {
    JsonNode texts = recording().get("texts");
    TokenizerFolder folder = folder(given);
    try (Tokenizer tokenizer = Tokenizers.open(folder);
        Tokenizer library =
            NativeTokenizer.open(
                folder,
                folder.splitsSpecialTokens() ? SpecialTokens.SPLIT : SpecialTokens.MATCHED)) {
      for (int i = 0; i < texts.size(); i++) {
        String text = texts.get(i).asText();
        int[] ids = ints(given.get("ids").get(i));
        assertThat(tokenizer.encode(text)).as(text).containsExactly(ids);
        assertThat(library.encode(text)).as(text).containsExactly(ids);
        assertThat(tokenizer.encodeWithOffsets(text).ids()).as(text).containsExactly(ids);
        assertThat(tokenizer.decodeSkippingSpecial(ids))
            .as(text)
            .isEqualTo(given.get("decoded").get(i).asText());
      }
      for (var added : given.get("added").properties()) {
        assertThat(tokenizer.tokenId(added.getValue().asText()))
            .contains(Integer.parseInt(added.getKey()));
      }
    }
    assertThat(
            TokenNames.parse(folder.tokenizerJson()).name(given.get("ids").get(0).get(0).asInt()))
        .isNotEmpty();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void namesTheEosAndBosTokenOfTransformers(String name, JsonNode given) throws IOException {
    TokenizerFolder folder = folder(given);
    JsonNode special = given.get("special");
    assertThat(folder.eosToken().orElse("")).isEqualTo(special.path("eos_token").asText(""));
    assertThat(folder.bosToken().orElse("")).isEqualTo(special.path("bos_token").asText(""));
    assertThat(folder.specialTokens().getOrDefault("image_token", ""))
        .isEqualTo(special.path("image_token").asText(""));
  }

  @Test
  void refusesByNameAPrefixThatItCannotGive() throws IOException {
    Files.copy(RESOURCES.resolve("bpe/gpt2/tokenizer.json"), temp.resolve("tokenizer.json"));
    Path config = temp.resolve("tokenizer_config.json");
    Files.writeString(
        config, "{\"tokenizer_class\": \"RobertaTokenizer\", \"add_prefix_space\": true}");
    assertThatThrownBy(() -> TokenizerFolder.open(temp))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(
            "Unsupported add_prefix_space in tokenizer_config.json: true with tokenizer_class"
                + " RobertaTokenizer (supported: GPT2Tokenizer");
    Files.writeString(
        config, "{\"tokenizer_class\": \"RobertaTokenizer\", \"add_prefix_space\": false}");
    assertThat(TokenizerFolder.open(temp).tokenizerJson())
        .isEqualTo(Files.readString(temp.resolve("tokenizer.json")));
  }

  @Test
  void hashesWhatOtherFilesMakeOfTheIdsAndNothingElse() throws IOException {
    Files.copy(RESOURCES.resolve("bpe/gpt2/tokenizer.json"), temp.resolve("tokenizer.json"));
    Path config = temp.resolve("tokenizer_config.json");
    Files.writeString(config, "{\"eos_token\": \"<|endoftext|>\"}");
    // As it was before other files were heeded.
    assertThat(TokenizerFolder.open(temp).contentHash())
        .isEqualTo("a4fda49e63a1b7d2c944965e46279394d054ac4300a3691d95dd31fb1ced3e26");
    Files.writeString(config, "{\"eos_token\": \"<|endoftext|>\", \"pad_token\": \"<p>\"}");
    TokenizerFolder changed = TokenizerFolder.open(temp);
    assertThat(changed.tokenizerJson()).contains("<p>");
    Files.writeString(temp.resolve("added_tokens.json"), "{\"<q>\": 907}");
    assertThat(TokenizerFolder.open(temp).contentHash()).isNotEqualTo(changed.contentHash());
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
  }
}
