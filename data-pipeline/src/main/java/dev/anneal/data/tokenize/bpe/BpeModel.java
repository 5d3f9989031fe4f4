package dev.anneal.data.tokenize.bpe;

import dev.anneal.data.tokenize.TokenizerJson;
import dev.anneal.data.tokenize.UnsupportedTokenizerException;
import java.util.Map;

/**
 * Vocabulary and merges of a byte-level model, laid out for encoding. Immutable, shared by all
 * encoders.
 */
final class BpeModel {
  private static final int BYTES = 256;

  private final int[] byteIds = new int[BYTES];
  private final int[] byteRanks = new int[BYTES * BYTES];
  private final int[] lengths;
  private final MergeTable merges;
  private final WordTable words;
  private final TokenSeams seams = new TokenSeams();

  private BpeModel(TokenizerJson file, int idCount) throws UnsupportedTokenizerException {
    Map<String, Integer> vocabulary = file.vocabulary();
    for (int value = 0; value < BYTES; value++) {
      String symbol = String.valueOf(ByteAlphabet.character(value));
      Integer id = vocabulary.get(symbol);
      UnsupportedTokenizerException.when(
          id == null, "the vocabulary lacks a symbol for byte " + value);
      byteIds[value] = id;
    }
    merges = MergeTable.of(file, idCount);
    for (int pair = 0; pair < byteRanks.length; pair++) {
      byteRanks[pair] = merges.rank(byteIds[pair >>> Byte.SIZE], byteIds[pair & BYTES - 1]);
    }
    lengths = new int[idCount];
    words = new WordTable(vocabulary.size());
    fillWords(vocabulary, file.model().path("ignore_merges").asBoolean(false));
  }

  static BpeModel of(TokenizerJson file) throws UnsupportedTokenizerException {
    int largest = -1;
    for (int id : file.vocabulary().values()) {
      UnsupportedTokenizerException.when(id < 0, "id " + id + " in the vocabulary");
      largest = Math.max(largest, id);
    }
    UnsupportedTokenizerException.when(
        largest >= MergeTable.MAX_IDS,
        "id " + largest + " in the vocabulary (the most are " + MergeTable.MAX_IDS + ")");
    return new BpeModel(file, largest + 1);
  }

  int byteId(byte value) {
    return byteIds[value & 0xFF];
  }

  /** The rank of two neighbouring bytes. */
  int byteRank(byte left, byte right) {
    return byteRanks[(left & 0xFF) << Byte.SIZE | right & 0xFF];
  }

  MergeTable merges() {
    return merges;
  }

  /** Words that are one token. */
  WordTable words() {
    return words;
  }

  int idCount() {
    return lengths.length;
  }

  /** Where words may be cut into pieces. */
  TokenSeams seams() {
    return seams;
  }

  /** How many bytes of text a token of the vocabulary stands for. */
  int byteLength(int id) {
    return lengths[id];
  }

  /**
   * A model that ignores merges takes every token for a word that it equals. Elsewhere only those
   * come out whole that merges make of their own bytes.
   */
  private void fillWords(Map<String, Integer> vocabulary, boolean ignoreMerges) {
    WordMerger merger = new WordMerger(this);
    for (Map.Entry<String, Integer> token : vocabulary.entrySet()) {
      byte[] bytes = ByteAlphabet.bytes(token.getKey());
      int id = token.getValue();
      lengths[id] = bytes.length;
      if (bytes.length == 0) {
        continue;
      }
      seams.add(bytes);
      boolean merged = merger.merge(bytes, 0, bytes.length) == 1 && merger.ids()[0] == id;
      if (merged || ignoreMerges) {
        words.put(bytes, id, merged);
      }
    }
  }
}
