package dev.anneal.data.tokenize.bpe;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Words that are one token as a whole: short ones by their two keys, the few long ones in a map.
 * Built by one thread; immutable after.
 */
public final class WordTable {
  private static final int SLOT = 3; // first key, second key, id

  private static final int WHOLE_ONLY = 1 << 30;

  private final long[] slots;
  private final int hashShift;
  private final Map<String, Integer> longWords = new HashMap<>();
  private int longest;

  /** An empty table with room for {@code capacity} words. */
  public WordTable(int capacity) {
    int bits = Math.max(4, Integer.SIZE - Integer.numberOfLeadingZeros(capacity * 2));
    hashShift = Long.SIZE - bits;
    slots = new long[SLOT << bits];
  }

  public void put(byte[] word, int id) {
    put(word, id, true);
  }

  /**
   * @param merged whether merges make the token of its bytes; else it is one as a whole word alone,
   *     not as a piece of a word
   */
  void put(byte[] word, int id, boolean merged) {
    longest = Math.max(longest, word.length);
    if (word.length > WordKeys.MAX_LENGTH) {
      longWords.put(latin1(word, 0, word.length), id); // pieces are not looked up
      return;
    }
    long first = WordKeys.first(word, 0, word.length);
    long second = WordKeys.second(word, 0, word.length);
    int at = find(first, second);
    slots[at] = first;
    slots[at + 1] = second;
    slots[at + 2] = merged ? id : id | WHOLE_ONLY;
  }

  /** The id of a word of up to 15 bytes, or -1. */
  public int shortWord(long first, long second) {
    int at = find(first, second);
    return slots[at + 1] == 0 ? -1 : (int) slots[at + 2] & ~WHOLE_ONLY;
  }

  /** The id of a piece of a word, of up to 15 bytes, or -1. */
  int shortPiece(long first, long second) {
    int at = find(first, second);
    return slots[at + 1] == 0 || (slots[at + 2] & WHOLE_ONLY) != 0 ? -1 : (int) slots[at + 2];
  }

  /** The id of a longer word, or -1. */
  int longWord(byte[] utf8, int from, int to) {
    return to - from > longest ? -1 : longWords.getOrDefault(latin1(utf8, from, to), -1);
  }

  private int find(long first, long second) {
    int at = (int) (WordKeys.hash(first, second) >>> hashShift) * SLOT;
    // The length in the second key makes it non-zero.
    while (slots[at + 1] != 0 && (slots[at] != first || slots[at + 1] != second)) {
      at += SLOT;
      if (at == slots.length) {
        at = 0;
      }
    }
    return at;
  }

  private static String latin1(byte[] bytes, int from, int to) {
    return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
  }
}
