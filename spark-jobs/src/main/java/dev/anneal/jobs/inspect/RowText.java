package dev.anneal.jobs.inspect;

import dev.anneal.core.data.TokenRow;
import dev.anneal.data.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** A row as text, cut where a sample begins and where the loss mask changes. Immutable. */
final class RowText {
  private final Function<int[], String> decode;

  private RowText(Function<int[], String> decode) {
    this.decode = decode;
  }

  /** Rows as numbers. */
  static RowText ofIds() {
    return new RowText(Arrays::toString);
  }

  /** Rows as text with special tokens; line ends are visible. */
  static RowText of(Tokenizer tokenizer) {
    return new RowText(
        ids -> "\"" + tokenizer.decode(ids).replace("\\", "\\\\").replace("\n", "\\n") + "\"");
  }

  /** {@code masked} has no label, {@code target} has one. */
  List<String> lines(TokenRow row) {
    List<String> lines = new ArrayList<>();
    int start = 0;
    for (int s = 0; s < row.sequenceLengths().length; s++) {
      int end = start + row.sequenceLengths()[s];
      if (row.sequenceLengths().length > 1) {
        lines.add("  sample " + s + ": " + (end - start) + " tokens");
      }
      while (start < end) {
        boolean target = hasLabel(row, start);
        int stop = start;
        while (stop < end && hasLabel(row, stop) == target) {
          stop++;
        }
        int[] ids = Arrays.copyOfRange(row.inputIds(), start, stop);
        lines.add((target ? "    target " : "    masked ") + decode.apply(ids));
        start = stop;
      }
    }
    return lines;
  }

  private static boolean hasLabel(TokenRow row, int index) {
    return row.labels()[index] != TokenRow.IGNORE_INDEX;
  }
}
