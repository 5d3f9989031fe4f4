package dev.anneal.data.tokenize.bpe;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * What the library's NFC does to each character, read from a table that was asked of it: its
 * Unicode is older than Java's. Immutable after loading.
 */
final class NfcTables {
  static final int HANGUL_SYLLABLES = 0xAC00;
  static final int HANGUL_COUNT = 11172;
  static final int HANGUL_FIRST = 0x1100;
  static final int HANGUL_FIRST_COUNT = 19;
  static final int HANGUL_VOWEL = 0x1161;
  static final int HANGUL_VOWEL_COUNT = 21;
  static final int HANGUL_FINAL = 0x11A7; // one before the first: index 0 is none
  static final int HANGUL_FINAL_COUNT = 28;

  private static final NfcTables TABLES = new NfcTables();

  private final Map<Integer, Integer> combiningClasses = new HashMap<>();
  private final Map<Integer, int[]> decompositions = new HashMap<>();
  private final Map<Long, Integer> compositions = new HashMap<>();
  private final BitSet active = new BitSet();

  private NfcTables() {
    BitSet composed = new BitSet();
    for (String[] line : TableLines.read("nfc.txt")) {
      switch (line[0]) {
        case "C" -> {
          int last = TableLines.last(line[1]);
          for (int at = TableLines.first(line[1]); at <= last; at++) {
            combiningClasses.put(at, Integer.valueOf(line[2]));
            active.set(at);
          }
        }
        case "D" ->
            decompositions.put(
                TableLines.codePoint(line[1]),
                Arrays.stream(line).skip(2).mapToInt(TableLines::codePoint).toArray());
        case "P" -> {
          int second = TableLines.codePoint(line[2]);
          int composition = TableLines.codePoint(line[3]);
          compositions.put(pair(TableLines.codePoint(line[1]), second), composition);
          active.set(second);
          composed.set(composition);
        }
        default -> throw new IllegalStateException("Unknown line of nfc.txt: " + line[0]);
      }
    }
    // What decomposes and does not compose again is changed by NFC.
    decompositions.keySet().stream().filter(at -> !composed.get(at)).forEach(active::set);
    active.set(HANGUL_VOWEL, HANGUL_VOWEL + HANGUL_VOWEL_COUNT);
    active.set(HANGUL_FINAL + 1, HANGUL_FINAL + HANGUL_FINAL_COUNT);
  }

  static NfcTables tables() {
    return TABLES;
  }

  /**
   * Whether a character may change under NFC, or together with one before it. Before any other
   * character text can be cut: each part has its NFC by itself.
   */
  boolean isActive(int codePoint) {
    return active.get(codePoint);
  }

  /** 0 for starters, and for marks that are newer than the library's Unicode. */
  int combiningClass(int codePoint) {
    return combiningClasses.getOrDefault(codePoint, 0);
  }

  /** The full canonical decomposition; empty for a character that has none. Not for Hangul. */
  int[] decomposition(int codePoint) {
    return decompositions.getOrDefault(codePoint, NO_DECOMPOSITION);
  }

  /** What two characters compose to, or -1. */
  int composition(int first, int second) {
    int vowel = second - HANGUL_VOWEL;
    int lead = first - HANGUL_FIRST;
    if (inside(lead, HANGUL_FIRST_COUNT) && inside(vowel, HANGUL_VOWEL_COUNT)) {
      return HANGUL_SYLLABLES + (lead * HANGUL_VOWEL_COUNT + vowel) * HANGUL_FINAL_COUNT;
    }
    int syllable = first - HANGUL_SYLLABLES;
    int tail = second - HANGUL_FINAL;
    if (inside(syllable, HANGUL_COUNT)
        && syllable % HANGUL_FINAL_COUNT == 0
        && tail > 0
        && tail < HANGUL_FINAL_COUNT) {
      return first + tail;
    }
    return compositions.getOrDefault(pair(first, second), -1);
  }

  static boolean isHangulSyllable(int codePoint) {
    return inside(codePoint - HANGUL_SYLLABLES, HANGUL_COUNT);
  }

  private static final int[] NO_DECOMPOSITION = {};

  private static boolean inside(int index, int count) {
    return index >= 0 && index < count;
  }

  private static long pair(int first, int second) {
    return (long) first << Integer.SIZE | second;
  }
}
