package dev.anneal.data.tokenize.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.data.tokenize.NativeTokenizer;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerEngine;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever the Java encoder does not know goes to the native library, which says why. */
class AcceptanceTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TEXT =
      "The Lamp keeper's 12345 \u5b88\u706f\u4eba e\u0301 <|im_end|> <think>\n";

  @TempDir Path temp;

  static Stream<Arguments> refused() {
    return Stream.of(
        refusal(
            "normalizer Lowercase", root -> root.set("normalizer", json("{'type':'Lowercase'}"))),
        refusal(
            "normalizer Lowercase",
            root ->
                root.set(
                    "normalizer",
                    json(
                        "{'type':'Sequence','normalizers':[{'type':'NFC'},{'type':'Lowercase'}]}"))),
        refusal("normalizer NFKC", root -> root.set("normalizer", json("{'type':'NFKC'}"))),
        refusal("no pre-tokenizer", root -> root.putNull("pre_tokenizer")),
        refusal(
            "pre-tokenizer Whitespace",
            root -> root.set("pre_tokenizer", json("{'type':'Whitespace'}"))),
        refusal("add_prefix_space", root -> part(root, 1).put("add_prefix_space", true)),
        refusal("ByteLevel with use_regex true", root -> part(root, 1).put("use_regex", true)),
        refusal("split behavior Removed", root -> part(root, 0).put("behavior", "Removed")),
        refusal("inverted split", root -> part(root, 0).put("invert", true)),
        refusal(
            "split pattern {\"Regex\":\"\\\\d+\"}",
            root -> part(root, 0).set("pattern", json("{'Regex':'\\\\d+'}"))),
        refusal(
            "split pattern {\"String\":\" \"}",
            root -> part(root, 0).set("pattern", json("{'String':' '}"))),
        refusal("byte_fallback", root -> model(root).put("byte_fallback", true)),
        refusal("added token '<|im_end|>' with lstrip", root -> imEnd(root).put("lstrip", true)),
        refusal("added token '<|im_end|>' with rstrip", root -> imEnd(root).put("rstrip", true)),
        refusal(
            "added token '<|im_end|>' with single_word",
            root -> imEnd(root).put("single_word", true)),
        refusal(
            "added token '<|im_end|>' with normalized",
            root -> imEnd(root).put("normalized", true)));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void leavesToTheNativeLibraryWhatItDoesNotKnow(String reason, Consumer<ObjectNode> change)
      throws IOException {
    ObjectNode root = qwen();
    change.accept(root);
    try (Tokenizer tokenizer = Tokenizers.open(folder(root));
        Tokenizer library = NativeTokenizer.open(folder(root))) {
      assertThat(tokenizer.engine().kind()).isEqualTo(TokenizerEngine.Kind.NATIVE);
      assertThat(tokenizer.engine().reason())
          .startsWith("byte-level BPE: " + reason + "; SentencePiece BPE: ");
      assertThat(tokenizer.encode(TEXT)).isEqualTo(library.encode(TEXT));
    }
  }

  @Test
  void leavesDropoutToTheNativeLibrary() throws IOException {
    ObjectNode root = qwen();
    model(root).put("dropout", 0.1);
    try (Tokenizer tokenizer = Tokenizers.open(folder(root))) {
      assertThat(tokenizer.engine().reason()).startsWith("byte-level BPE: dropout; ");
    }
  }

  static Stream<Arguments> taken() {
    return Stream.of(
        refusal("no normalizer", root -> root.putNull("normalizer")),
        refusal(
            "a sequence of one",
            root ->
                root.set("normalizer", json("{'type':'Sequence','normalizers':[{'type':'NFC'}]}"))),
        refusal("no added tokens", root -> root.set("added_tokens", json("[]"))),
        refusal("no ignore_merges", root -> model(root).remove("ignore_merges")),
        refusal("affixes of null", root -> model(root).putNull("continuing_subword_prefix")),
        refusal(
            "GPT-2's pattern",
            root -> root.set("pre_tokenizer", part(root, 1).put("use_regex", true))));
  }

  @ParameterizedTest
  @MethodSource("taken")
  void takesFilesThatMeanTheSame(String what, Consumer<ObjectNode> change) throws IOException {
    ObjectNode root = qwen();
    change.accept(root);
    try (Tokenizer tokenizer = Tokenizers.open(folder(root));
        Tokenizer library = NativeTokenizer.open(folder(root))) {
      assertThat(tokenizer.engine().kind())
          .as("%s: %s", what, tokenizer.engine())
          .isEqualTo(TokenizerEngine.Kind.BYTE_LEVEL_BPE);
      assertThat(tokenizer.encode(TEXT)).isEqualTo(library.encode(TEXT));
    }
  }

  @Test
  void namesAModelThatNoEngineHas() throws IOException {
    ObjectNode root = qwen();
    root.set("model", json("{'type':'WordLevel','vocab':{'a':0,'<unk>':1},'unk_token':'<unk>'}"));
    try (Tokenizer tokenizer = Tokenizers.open(folder(root))) {
      assertThat(tokenizer.engine())
          .isEqualTo(new TokenizerEngine(TokenizerEngine.Kind.NATIVE, "model WordLevel"));
    }
  }

  @Test
  void refusesAFileWhoseIdsTheLibraryReadsOtherwise() throws IOException {
    ObjectNode root = qwen();
    // The library numbers added tokens itself; the file's id is a wish.
    imEnd(root).put("id", 99_999);
    try (Tokenizer tokenizer = Tokenizers.open(folder(root));
        Tokenizer library = NativeTokenizer.open(folder(root))) {
      assertThat(tokenizer.engine().kind()).isEqualTo(TokenizerEngine.Kind.NATIVE);
      assertThat(tokenizer.engine().reason()).contains("the ids of '").contains("<|im_end|>");
      assertThat(tokenizer.encode(TEXT)).isEqualTo(library.encode(TEXT));
    }
  }

  @Test
  void leavesOffsetsThatAPostProcessorTrimsToTheNativeLibrary() throws IOException {
    ObjectNode root = qwen();
    root.set(
        "post_processor",
        json("{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true}"));
    try (Tokenizer tokenizer = Tokenizers.open(folder(root));
        Tokenizer library = NativeTokenizer.open(folder(root))) {
      assertThat(tokenizer.engine().kind()).isEqualTo(TokenizerEngine.Kind.BYTE_LEVEL_BPE);
      assertThat(tokenizer.encodeWithOffsets(" a  lamp ").starts())
          .isEqualTo(library.encodeWithOffsets(" a  lamp ").starts());
    }
  }

  private static Arguments refusal(String reason, Consumer<ObjectNode> change) {
    return Arguments.of(reason, change);
  }

  private static ObjectNode qwen() throws IOException {
    return (ObjectNode)
        JSON.readTree(Files.readString(Families.folder("qwen").resolve("tokenizer.json")));
  }

  private TokenizerFolder folder(ObjectNode root) throws IOException {
    Path folder = Files.createDirectories(temp.resolve("a tokenizer \u5206\u8bcd\u5668"));
    Files.writeString(folder.resolve("tokenizer.json"), root.toString());
    return TokenizerFolder.open(folder);
  }

  private static ObjectNode part(ObjectNode root, int index) {
    return (ObjectNode) root.path("pre_tokenizer").path("pretokenizers").path(index);
  }

  private static ObjectNode model(ObjectNode root) {
    return (ObjectNode) root.path("model");
  }

  private static ObjectNode imEnd(ObjectNode root) {
    for (JsonNode token : root.path("added_tokens")) {
      if (token.path("content").asText().equals("<|im_end|>")) {
        return (ObjectNode) token;
      }
    }
    throw new AssertionError("no <|im_end|>");
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text.replace('\'', '"'));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
