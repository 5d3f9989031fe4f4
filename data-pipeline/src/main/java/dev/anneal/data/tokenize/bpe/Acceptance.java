package dev.anneal.data.tokenize.bpe;

import static dev.anneal.data.tokenize.UnsupportedTokenizerException.when;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.data.tokenize.TokenizerJson;
import dev.anneal.data.tokenize.UnsupportedTokenizerException;
import java.util.List;
import java.util.Map;

/**
 * Which tokenizer files the Java encoder takes; everything it does not know is refused, never
 * ignored. Truncation and padding are the caller's affair. Stateless.
 */
final class Acceptance {
  private static final String CL100K =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}%s"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  /** The splitter of each known regular expression. */
  private static final Map<String, Splitter> PATTERNS =
      Map.of(
          CL100K.formatted(""), new Cl100kSplitter(1),
          CL100K.formatted("{1,3}"), new Cl100kSplitter(3));

  private static final List<String> AFFIXES =
      List.of("continuing_subword_prefix", "end_of_word_suffix");

  private Acceptance() {}

  static void requireModel(JsonNode model) throws UnsupportedTokenizerException {
    String type = model.path("type").asText();
    when(!type.equals("BPE"), "model " + (type.isEmpty() ? "without a type" : type));
    when(model.path("dropout").asDouble() != 0, "dropout");
    for (String affix : AFFIXES) {
      when(!model.path(affix).asText("").isEmpty() && !model.path(affix).isNull(), affix);
    }
    when(model.path("byte_fallback").asBoolean(), "byte_fallback");
  }

  /** Whether text is put into NFC. */
  static boolean normalizes(JsonNode normalizer) throws UnsupportedTokenizerException {
    String type = normalizer.path("type").asText();
    if (type.equals("Sequence")) {
      boolean any = false;
      for (JsonNode part : normalizer.path("normalizers")) {
        any |= normalizes(part);
      }
      return any;
    }
    when(!type.isEmpty() && !type.equals("NFC"), "normalizer " + type);
    return type.equals("NFC");
  }

  static Splitter splitter(JsonNode preTokenizer) throws UnsupportedTokenizerException {
    String type = preTokenizer.path("type").asText();
    JsonNode parts = preTokenizer.path("pretokenizers");
    if (type.equals("Sequence") && parts.size() == 1) {
      return splitter(parts.path(0));
    }
    if (type.equals("Sequence") && parts.path(0).path("type").asText().equals("Split")) {
      when(parts.size() != 2, "pre-tokenizer of " + parts.size() + " steps");
      requireByteLevel(parts.path(1), false);
      return split(parts.path(0));
    }
    requireByteLevel(preTokenizer, true);
    return new Gpt2Splitter();
  }

  private static Splitter split(JsonNode split) throws UnsupportedTokenizerException {
    String behavior = split.path("behavior").asText();
    when(!behavior.equals("Isolated"), "split behavior " + behavior);
    when(split.path("invert").asBoolean(), "inverted split");
    String pattern = split.path("pattern").path("Regex").asText();
    when(!PATTERNS.containsKey(pattern), "split pattern " + split.path("pattern"));
    return PATTERNS.get(pattern);
  }

  private static void requireByteLevel(JsonNode step, boolean pattern)
      throws UnsupportedTokenizerException {
    String type = step.path("type").asText();
    when(!type.equals("ByteLevel"), type.isEmpty() ? "no pre-tokenizer" : "pre-tokenizer " + type);
    when(step.path("add_prefix_space").asBoolean(true), "add_prefix_space");
    when(step.path("use_regex").asBoolean(true) != pattern, "ByteLevel with use_regex " + !pattern);
  }

  /** Whether the post-processor leaves offsets as they are. */
  static boolean keepsOffsets(TokenizerJson file) {
    return keepsOffsets(file.part("post_processor"));
  }

  private static boolean keepsOffsets(JsonNode processor) {
    String type = processor.path("type").asText();
    if (type.equals("Sequence")) {
      for (JsonNode part : processor.path("processors")) {
        if (!keepsOffsets(part)) {
          return false;
        }
      }
      return true;
    }
    return type.isEmpty()
        || type.equals("TemplateProcessing")
        || type.equals("ByteLevel") && !processor.path("trim_offsets").asBoolean(true);
  }
}
