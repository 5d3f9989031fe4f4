package dev.anneal.jobs.preview;

import dev.anneal.core.data.TokenRow;
import dev.anneal.data.sft.EncodedRow;
import dev.anneal.data.tokenize.Tokenizer;
import java.util.Arrays;

/** A row as text in which a reader sees what is trained on. Immutable; borrows the tokenizer. */
final class MaskedText {
  /** How trained text is set off: green on a terminal, brackets anywhere else. */
  enum Marks {
    COLOURS("\u001b[1;32m", "\u001b[0m"),
    BRACKETS("\u27e6", "\u27e7");

    private final String open;
    private final String close;

    Marks(String open, String close) {
      this.open = open;
      this.close = close;
    }

    String legend() {
      return open + "trained on" + close + " and not";
    }
  }

  private final Tokenizer tokenizer;
  private final Marks marks;

  MaskedText(Tokenizer tokenizer, Marks marks) {
    this.tokenizer = tokenizer;
    this.marks = marks;
  }

  Marks marks() {
    return marks;
  }

  String of(EncodedRow row) {
    StringBuilder text = new StringBuilder();
    int start = 0;
    while (start < row.ids().length) {
      boolean trained = row.labels()[start] != TokenRow.IGNORE_INDEX;
      int end = start;
      while (end < row.ids().length && row.labels()[end] != TokenRow.IGNORE_INDEX == trained) {
        end++;
      }
      String part = visible(tokenizer.decode(Arrays.copyOfRange(row.ids(), start, end)));
      text.append(trained ? marks.open + part + marks.close : part);
      start = end;
    }
    return text.toString();
  }

  /** Control characters of a text as codes: a terminal must not obey what data says. */
  static String visible(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean shown = !Character.isISOControl(c) || c == '\n' || c == '\t';
      out.append(shown ? String.valueOf(c) : String.format("\\x%02x", (int) c));
    }
    return out.toString();
  }
}
