package dev.anneal.jobs.tokenize.tally;

import java.io.Serializable;

/**
 * A row that was left out before tokenizing, to be shown.
 *
 * @param slice index of its slice within the split
 * @param row its line or element within the slice, from 1
 * @param start of its text
 */
public record DroppedRow(int slice, long row, String reason, String start) implements Serializable {
  /** Rows of each reason that are shown. */
  public static final int SHOWN = 3;

  private static final int SHOWN_CHARACTERS = 200;

  /** What of a text is shown. */
  public static String start(String text) {
    if (text.length() <= SHOWN_CHARACTERS) {
      return text;
    }
    boolean cutsPair = Character.isHighSurrogate(text.charAt(SHOWN_CHARACTERS - 1));
    return text.substring(0, SHOWN_CHARACTERS - (cutsPair ? 1 : 0)) + "…";
  }
}
