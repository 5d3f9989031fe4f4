package dev.anneal.data.tokenize.sentencepiece;

import static dev.anneal.data.tokenize.UnsupportedTokenizerException.when;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.data.tokenize.TokenizerJson;
import dev.anneal.data.tokenize.UnsupportedTokenizerException;

/**
 * What a tokenizer does with spaces: all become {@code ▁}; which texts get one before them; whether
 * each one starts a word of its own.
 *
 * @param prefix which texts get a {@code ▁} before them
 * @param splits whether no merge may cross to a {@code ▁} from the left
 * @param normalizes whether a normalizer does it, which added tokens may go through as well
 */
record Spacing(Prefix prefix, boolean splits, boolean normalizes) {
  static final String MARK = "\u2581";

  /** Which texts between added tokens get a {@code ▁} before them. */
  enum Prefix {
    NONE,
    /** All of them, whatever they begin with. */
    EACH,
    /** Those that begin with neither a space nor a {@code ▁}. */
    EACH_WITHOUT,
    /** As {@link #EACH_WITHOUT}, and only at the very start of a document. */
    FIRST_WITHOUT
  }

  /** Reads normalizer and pre-tokenizer; anything unknown is refused. */
  static Spacing of(TokenizerJson file) throws UnsupportedTokenizerException {
    JsonNode normalizer = file.part("normalizer");
    JsonNode preTokenizer = file.part("pre_tokenizer");
    if (isAbsent(normalizer)) {
      return metaspace(only(preTokenizer, "pretokenizers"));
    }
    requireNone(only(preTokenizer, "pretokenizers"));
    JsonNode step = only(normalizer, "normalizers");
    if (!step.path("type").asText().equals("Sequence")) {
      requireReplace(step);
      return new Spacing(Prefix.NONE, false, true);
    }
    JsonNode steps = step.path("normalizers");
    when(steps.size() != 2, "normalizer of " + steps.size() + " steps");
    String first = steps.path(0).path("type").asText();
    when(!first.equals("Prepend"), "normalizer " + first);
    requireMark(steps.path(0).path("prepend"));
    requireReplace(steps.path(1));
    return new Spacing(Prefix.EACH, false, true);
  }

  private static Spacing metaspace(JsonNode step) throws UnsupportedTokenizerException {
    String type = step.path("type").asText();
    when(type.isEmpty(), "neither normalizer nor pre-tokenizer");
    when(!type.equals("Metaspace"), "pre-tokenizer " + type);
    requireMark(step.path("replacement"));
    String scheme = step.path("prepend_scheme").asText("always");
    if (!step.path("add_prefix_space").asBoolean(true)) {
      scheme = "never";
    }
    Prefix prefix =
        switch (scheme) {
          case "always" -> Prefix.EACH_WITHOUT;
          case "first" -> Prefix.FIRST_WITHOUT;
          case "never" -> Prefix.NONE;
          default -> throw new UnsupportedTokenizerException("prepend_scheme " + scheme);
        };
    return new Spacing(prefix, step.path("split").asBoolean(true), false);
  }

  private static void requireReplace(JsonNode step) throws UnsupportedTokenizerException {
    String type = step.path("type").asText();
    when(!type.equals("Replace"), "normalizer " + type);
    JsonNode pattern = step.path("pattern");
    when(!pattern.path("String").asText().equals(" "), "normalizer Replace of " + pattern);
    requireMark(step.path("content"));
  }

  private static void requireMark(JsonNode text) throws UnsupportedTokenizerException {
    when(!text.asText().equals(MARK), "spaces written as " + text);
  }

  /** A pre-tokenizer that splits at spaces finds none: the normalizer replaced them. */
  private static void requireNone(JsonNode step) throws UnsupportedTokenizerException {
    if (isAbsent(step)) {
      return;
    }
    String type = step.path("type").asText();
    boolean atSpaces =
        type.equals("Split")
            && step.path("pattern").path("String").asText().equals(" ")
            && !step.path("invert").asBoolean();
    when(!atSpaces, "pre-tokenizer " + type + " beside a normalizer");
  }

  /** A sequence of one step is that step. */
  private static JsonNode only(JsonNode step, String parts) {
    JsonNode steps = step.path(parts);
    return steps.size() == 1 ? steps.path(0) : step;
  }

  private static boolean isAbsent(JsonNode node) {
    return node.isMissingNode() || node.isNull();
  }
}
