package dev.anneal.data.tokenize.bpe;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * What the patterns of byte-level tokenizers tell apart: letters, numbers, white space, the rest.
 * The classes are those of the library's regular expressions, not Java's, whose Unicode is older
 * and whose white space is another set. Two levels of tables, 256 code points a page. Immutable.
 */
final class CharacterClasses {
  static final byte OTHER = 0;
  static final byte LETTER = 1;
  static final byte NUMBER = 2;
  static final byte SPACE = 3;

  private static final int CODE_POINTS = 0x110000;
  private static final int PAGE_BITS = 8;
  private static final int IN_PAGE = (1 << PAGE_BITS) - 1;
  private static final CharacterClasses TABLES = new CharacterClasses(flat());
  private static final byte[] ASCII = ascii();

  /** Start of each page in {@link #classes}. */
  private final char[] pages = new char[CODE_POINTS >> PAGE_BITS];

  private final byte[] classes;

  private CharacterClasses(byte[] flat) {
    Map<ByteBuffer, Integer> starts = new HashMap<>();
    ByteArrayOutputStream distinct = new ByteArrayOutputStream();
    for (int page = 0; page < pages.length; page++) {
      byte[] content = Arrays.copyOfRange(flat, page << PAGE_BITS, (page + 1) << PAGE_BITS);
      Integer start = starts.get(ByteBuffer.wrap(content));
      if (start == null) {
        start = distinct.size();
        starts.put(ByteBuffer.wrap(content), start);
        distinct.writeBytes(content);
      }
      pages[page] = (char) (int) start;
    }
    classes = distinct.toByteArray();
  }

  /** The class of a code point. */
  static byte of(int codePoint) {
    CharacterClasses tables = TABLES;
    return tables.classes[tables.pages[codePoint >> PAGE_BITS] + (codePoint & IN_PAGE)];
  }

  /** The class of the character that starts here. */
  static byte at(byte[] utf8, int at) {
    byte lead = utf8[at];
    return lead >= 0 ? ASCII[lead] : of(Utf8.codePoint(utf8, at));
  }

  private static byte[] ascii() {
    byte[] ascii = new byte[0x80];
    for (int c = 0; c < ascii.length; c++) {
      ascii[c] = of(c);
    }
    return ascii;
  }

  private static byte[] flat() {
    byte[] flat = new byte[CODE_POINTS];
    for (String[] line : TableLines.read("classes.txt")) {
      byte value =
          switch (line[1]) {
            case "L" -> LETTER;
            case "N" -> NUMBER;
            case "S" -> SPACE;
            default -> throw new IllegalStateException("Unknown character class: " + line[1]);
          };
      Arrays.fill(flat, TableLines.first(line[0]), TableLines.last(line[0]) + 1, value);
    }
    return flat;
  }
}
