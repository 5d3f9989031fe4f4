package dev.anneal.data.tokenize.sentencepiece;

import java.util.Arrays;

/**
 * What is known of each code point, in one int: its id, and whether it may be the end of a merge's
 * left part or the beginning of a right part. Pages of 256 code points, those without an entry
 * shared. Built by one thread; immutable after.
 */
final class Characters {
  /** The id of a code point that is no token: it stands as its UTF-8 bytes. */
  static final int NO_ID = (1 << 20) - 1;

  private static final int ENDS_LEFT = 1 << 20;
  private static final int STARTS_RIGHT = 1 << 21;
  private static final int PAGE_BITS = 8;
  private static final int PAGE_SIZE = 1 << PAGE_BITS;

  private final int[] empty = new int[PAGE_SIZE];
  private final int[][] pages = new int[Character.MAX_CODE_POINT + 1 >>> PAGE_BITS][];

  Characters() {
    Arrays.fill(empty, NO_ID);
    Arrays.fill(pages, empty);
  }

  int entry(int codePoint) {
    return pages[codePoint >>> PAGE_BITS][codePoint & PAGE_SIZE - 1];
  }

  static int id(int entry) {
    return entry & NO_ID;
  }

  static boolean endsLeft(int entry) {
    return (entry & ENDS_LEFT) != 0;
  }

  static boolean startsRight(int entry) {
    return (entry & STARTS_RIGHT) != 0;
  }

  void putId(int codePoint, int id) {
    int[] page = ownPage(codePoint);
    int at = codePoint & PAGE_SIZE - 1;
    page[at] = page[at] & ~NO_ID | id;
  }

  void markEndsLeft(int codePoint) {
    ownPage(codePoint)[codePoint & PAGE_SIZE - 1] |= ENDS_LEFT;
  }

  void markStartsRight(int codePoint) {
    ownPage(codePoint)[codePoint & PAGE_SIZE - 1] |= STARTS_RIGHT;
  }

  private int[] ownPage(int codePoint) {
    int page = codePoint >>> PAGE_BITS;
    if (pages[page] == empty) {
      pages[page] = empty.clone();
    }
    return pages[page];
  }
}
