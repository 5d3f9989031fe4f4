package dev.anneal.data.read;

import java.util.Arrays;

/**
 * One row as it stands in a file, before anything is made of it. The bytes belong to the reader,
 * which reuses them for its next row; until then whoever holds the row may change them between
 * {@code start} and {@code end}.
 *
 * @param number place in its slice, from 1: the line, or the element of a JSON array
 * @param bytes holds the row, UTF-8 where the file is sound
 * @param start index of the row's first byte
 * @param end index after its last byte
 * @param fault why the row could not be read; empty when it was
 */
public record SourceRow(long number, byte[] bytes, int start, int end, String fault) {
  private static final byte[] NOTHING = new byte[0];

  /** A row that is a whole array. */
  public SourceRow(long number, byte[] content) {
    this(number, content, 0, content.length, "");
  }

  /** A row that has a place but no content, with what is wrong with it. */
  public static SourceRow unreadable(long number, String fault) {
    return new SourceRow(number, NOTHING, 0, 0, fault);
  }

  /** The row's bytes in an array of their own, or in the reader's where it holds nothing else. */
  public byte[] content() {
    return start == 0 && end == bytes.length ? bytes : Arrays.copyOfRange(bytes, start, end);
  }

  public int length() {
    return end - start;
  }

  /** Whether there is nothing in the row but spaces and tabs. */
  public boolean isBlank() {
    for (int i = start; i < end; i++) {
      if (bytes[i] != ' ' && bytes[i] != '\t') {
        return false;
      }
    }
    return true;
  }
}
