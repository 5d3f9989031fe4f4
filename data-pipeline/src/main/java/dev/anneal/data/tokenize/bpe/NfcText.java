package dev.anneal.data.tokenize.bpe;

import dev.anneal.data.text.EightBytes;
import java.util.Arrays;

/**
 * Puts UTF-8 text into NFC as the library does. Most text holds no character that could change: it
 * is recognised at the speed of memory. Else each such run, with the character before it, is
 * decomposed, ordered and composed. Confined to one thread.
 */
final class NfcText {
  private static final int INITIAL = 1 << 12;

  /** Below this lead byte, U+0300, no character changes or composes with one before it. */
  private static final int FIRST_LEAD = 0xCC;

  private final NfcTables tables = NfcTables.tables();
  private byte[] bytes = new byte[INITIAL];
  private int length;
  private int[] run = new int[64];
  private int runLength;

  /** First index from {@code from} on of a character that NFC may change, else the end. */
  int firstActive(byte[] utf8, int from, int end) {
    int at = from;
    while (at < end) {
      at = asciiEnd(utf8, at, end);
      while (at < end && utf8[at] < 0) {
        int lead = utf8[at] & 0xFF;
        if (lead >= 0xE4 && lead <= 0xE9) {
          at += 3; // U+4000 to U+9FFF: ideographs, all of them inert
        } else if (lead >= FIRST_LEAD && tables.isActive(Utf8.codePoint(utf8, at))) {
          return at;
        } else {
          at += Utf8.length((byte) lead);
        }
      }
    }
    return end;
  }

  private static int asciiEnd(byte[] utf8, int from, int end) {
    int at = from;
    while (at + Long.BYTES <= end) {
      long others = EightBytes.notAscii(EightBytes.at(utf8, at));
      if (others != 0) {
        return at + (Long.numberOfTrailingZeros(others) >>> 3);
      }
      at += Long.BYTES;
    }
    while (at < end && utf8[at] >= 0) {
      at++;
    }
    return at;
  }

  /**
   * Normalizes a text into {@link #bytes}.
   *
   * @param active what {@link #firstActive} found
   */
  void normalize(byte[] utf8, int from, int end, int active) {
    length = 0;
    int copied = from;
    int next = active;
    while (next < end) {
      int start = next == copied ? next : Utf8.before(utf8, next);
      copy(utf8, copied, start);
      int stop = activeEnd(utf8, next, end);
      normalizeRun(utf8, start, stop);
      copied = stop;
      next = firstActive(utf8, stop, end);
    }
    copy(utf8, copied, end);
  }

  /** The normalized text; overwritten by the next. */
  byte[] bytes() {
    return bytes;
  }

  /** How many bytes the normalized text has. */
  int length() {
    return length;
  }

  private int activeEnd(byte[] utf8, int from, int end) {
    int at = from;
    while (at < end && tables.isActive(Utf8.codePoint(utf8, at))) {
      at += Utf8.length(utf8[at]);
    }
    return at;
  }

  private void normalizeRun(byte[] utf8, int from, int end) {
    runLength = 0;
    for (int at = from; at < end; at += Utf8.length(utf8[at])) {
      decompose(Utf8.codePoint(utf8, at));
    }
    order();
    compose();
    reserve(4 * runLength);
    for (int i = 0; i < runLength; i++) {
      length = Utf8.write(run[i], bytes, length);
    }
  }

  private void decompose(int codePoint) {
    if (NfcTables.isHangulSyllable(codePoint)) {
      int index = codePoint - NfcTables.HANGUL_SYLLABLES;
      int tail = index % NfcTables.HANGUL_FINAL_COUNT;
      int open = index / NfcTables.HANGUL_FINAL_COUNT;
      add(NfcTables.HANGUL_FIRST + open / NfcTables.HANGUL_VOWEL_COUNT);
      add(NfcTables.HANGUL_VOWEL + open % NfcTables.HANGUL_VOWEL_COUNT);
      if (tail > 0) {
        add(NfcTables.HANGUL_FINAL + tail);
      }
      return;
    }
    int[] parts = tables.decomposition(codePoint);
    if (parts.length == 0) {
      add(codePoint);
    }
    for (int part : parts) {
      add(part);
    }
  }

  private void add(int codePoint) {
    if (runLength == run.length) {
      run = Arrays.copyOf(run, 2 * runLength);
    }
    run[runLength++] = codePoint;
  }

  /** Stable order by combining class between starters; a merge sort, for runs may be long. */
  private void order() {
    int from = 0;
    while (from < runLength) {
      if (tables.combiningClass(run[from]) == 0) {
        from++;
        continue;
      }
      int end = from;
      boolean sorted = true;
      int before = 0;
      while (end < runLength && tables.combiningClass(run[end]) != 0) {
        int rank = tables.combiningClass(run[end]);
        sorted &= before <= rank;
        before = rank;
        end++;
      }
      if (!sorted) {
        sort(from, end);
      }
      from = end;
    }
  }

  private void sort(int from, int end) {
    long[] keys = new long[end - from];
    for (int i = from; i < end; i++) {
      keys[i - from] = (long) tables.combiningClass(run[i]) << Integer.SIZE | i;
    }
    Arrays.sort(keys);
    int[] marks = Arrays.copyOfRange(run, from, end);
    for (int i = from; i < end; i++) {
      run[i] = marks[(int) keys[i - from] - from];
    }
  }

  /** Composes starters with what follows them and is not blocked. */
  private void compose() {
    int out = 0;
    int starter = -1;
    int before = 0; // combining class of the character last kept
    for (int i = 0; i < runLength; i++) {
      int codePoint = run[i];
      int rank = tables.combiningClass(codePoint);
      if (starter >= 0 && (out == starter + 1 || before < rank)) {
        int composed = tables.composition(run[starter], codePoint);
        if (composed >= 0) {
          run[starter] = composed;
          continue;
        }
      }
      if (rank == 0) {
        starter = out;
      }
      before = rank;
      run[out++] = codePoint;
    }
    runLength = out;
  }

  private void copy(byte[] utf8, int from, int end) {
    reserve(end - from);
    System.arraycopy(utf8, from, bytes, length, end - from);
    length += end - from;
  }

  private void reserve(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(length + more, 2 * bytes.length));
    }
  }
}
