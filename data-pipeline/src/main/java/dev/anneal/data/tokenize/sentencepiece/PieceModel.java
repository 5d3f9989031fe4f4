package dev.anneal.data.tokenize.sentencepiece;

import static dev.anneal.data.tokenize.UnsupportedTokenizerException.when;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.data.tokenize.TokenizerJson;
import dev.anneal.data.tokenize.UnsupportedTokenizerException;
import dev.anneal.data.tokenize.bpe.MergeTable;
import dev.anneal.data.tokenize.bpe.WordKeys;
import dev.anneal.data.tokenize.bpe.WordTable;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Vocabulary and merges of a SentencePiece-style model, laid out for encoding. A space stands for
 * {@code ▁} throughout. Immutable, shared by all encoders.
 */
final class PieceModel {
  private static final int BYTES = 256;
  private static final int ASCII = 128;
  private static final int MARK = Spacing.MARK.charAt(0);
  private static final List<String> AFFIXES =
      List.of("continuing_subword_prefix", "end_of_word_suffix");

  private final int[] byteIds = new int[BYTES];
  private final int[] asciiIds = new int[ASCII];
  private final Characters characters = new Characters();
  private final Joints joints = new Joints();
  private final int[] asciiRanks = new int[ASCII * ASCII];
  private final MergeTable merges;
  private final WordTable wholePieces;

  /**
   * @param splits whether a word never goes on at a {@code ▁}
   */
  PieceModel(TokenizerJson file, boolean splits) throws UnsupportedTokenizerException {
    requireOptions(file.model());
    Map<String, Integer> vocabulary = file.vocabulary();
    int largest = readCharacters(vocabulary);
    Set<String> byteTokens = readBytes(vocabulary);
    Integer mark = vocabulary.get(Spacing.MARK);
    when(mark == null, "the vocabulary lacks " + Spacing.MARK);
    characters.putId(' ', mark);
    for (int value = 0; value < ASCII; value++) {
      int id = Characters.id(characters.entry(value));
      asciiIds[value] = id == Characters.NO_ID ? byteIds[value] : id;
    }
    merges = readMerges(file, largest + 1);
    for (int rank = 0; rank < file.mergeCount(); rank++) {
      String left = file.mergeLeft(rank);
      String right = file.mergeRight(rank);
      when(
          byteTokens.contains(left) || byteTokens.contains(right),
          "merge " + rank + " of a byte token");
      addJoint(left.codePointBefore(left.length()), right.codePointAt(0), splits);
    }
    for (int pair = 0; pair < asciiRanks.length; pair++) {
      asciiRanks[pair] = merges.rank(asciiIds[pair / ASCII], asciiIds[pair % ASCII]);
    }
    wholePieces = new WordTable(vocabulary.size());
    fillWholePieces(vocabulary);
  }

  /** The id of an ASCII character, or of its byte. */
  int asciiId(int character) {
    return asciiIds[character];
  }

  /** The rank of two neighbouring ASCII characters, both of them tokens. */
  int asciiRank(int left, int right) {
    return asciiRanks[left * ASCII + right];
  }

  int byteId(byte value) {
    return byteIds[value & BYTES - 1];
  }

  Characters characters() {
    return characters;
  }

  Joints joints() {
    return joints;
  }

  MergeTable merges() {
    return merges;
  }

  /** Short pieces of a text that come out as one token. */
  WordTable wholePieces() {
    return wholePieces;
  }

  /** Those tokens that merges make of their own characters: the rest never come out whole. */
  private void fillWholePieces(Map<String, Integer> vocabulary) {
    PieceMerger merger = new PieceMerger(this);
    for (Map.Entry<String, Integer> token : vocabulary.entrySet()) {
      String text = token.getKey();
      boolean known = !text.isEmpty() && text.codePoints().allMatch(this::isToken);
      byte[] bytes = text.replace(Spacing.MARK, " ").getBytes(StandardCharsets.UTF_8);
      if (known
          && bytes.length <= WordKeys.MAX_LENGTH
          && merger.merge(bytes, 0, bytes.length) == 1
          && merger.ids()[0] == token.getValue()) {
        wholePieces.put(bytes, token.getValue());
      }
    }
  }

  private boolean isToken(int codePoint) {
    return codePoint != ' ' && Characters.id(characters.entry(codePoint)) != Characters.NO_ID;
  }

  private static void requireOptions(JsonNode model) throws UnsupportedTokenizerException {
    String type = model.path("type").asText();
    when(!type.equals("BPE"), "model " + (type.isEmpty() ? "without a type" : type));
    when(model.path("dropout").asDouble() != 0, "dropout");
    for (String affix : AFFIXES) {
      when(!model.path(affix).isNull() && !model.path(affix).asText("").isEmpty(), affix);
    }
    when(!model.path("byte_fallback").asBoolean(), "no byte_fallback");
    when(model.path("ignore_merges").asBoolean(), "ignore_merges");
  }

  /** Answers the largest id. */
  private int readCharacters(Map<String, Integer> vocabulary) throws UnsupportedTokenizerException {
    int largest = -1;
    for (Map.Entry<String, Integer> token : vocabulary.entrySet()) {
      int id = token.getValue();
      String text = token.getKey();
      when(id < 0 || id >= Characters.NO_ID, "id " + id + " in the vocabulary");
      largest = Math.max(largest, id);
      if (!text.isEmpty() && text.codePointCount(0, text.length()) == 1) {
        characters.putId(text.codePointAt(0), id);
      }
    }
    return largest;
  }

  private Set<String> readBytes(Map<String, Integer> vocabulary)
      throws UnsupportedTokenizerException {
    Set<String> tokens = new HashSet<>();
    for (int value = 0; value < BYTES; value++) {
      String token = String.format("<0x%02X>", value);
      when(!vocabulary.containsKey(token), "the vocabulary lacks " + token);
      byteIds[value] = vocabulary.get(token);
      tokens.add(token);
    }
    return tokens;
  }

  private static MergeTable readMerges(TokenizerJson file, int idCount)
      throws UnsupportedTokenizerException {
    for (int rank = 0; rank < file.mergeCount(); rank++) {
      boolean empty = file.mergeLeft(rank).isEmpty() || file.mergeRight(rank).isEmpty();
      when(empty, "merge " + rank + " of an empty token");
    }
    return MergeTable.of(file, idCount);
  }

  /**
   * Both spellings of {@code ▁} count: the character itself, and the space of a text. A merge of a
   * true space never applies, for texts have none when they come to the model.
   */
  private void addJoint(int left, int right, boolean splits) {
    if (left == ' ' || right == ' ' || splits && right == MARK) {
      return;
    }
    int[] lefts = left == MARK ? new int[] {MARK, ' '} : new int[] {left};
    int[] rights = right == MARK ? new int[] {MARK, ' '} : new int[] {right};
    for (int l : lefts) {
      characters.markEndsLeft(l);
      for (int r : rights) {
        characters.markStartsRight(r);
        joints.add(l, r);
      }
    }
  }
}
