package dev.anneal.data.chat.jinja.value;

import java.util.List;

/**
 * A rendered template.
 *
 * @param text what it wrote
 * @param generated parts inside {@code generation} tags, in order, as UTF-16 offsets into {@code
 *     text}
 */
public record Rendering(String text, List<Span> generated) {
  /** Characters {@code [start, end)} of a text. */
  public record Span(int start, int end) {
    public Span {
      if (start < 0 || end < start) {
        throw new IllegalArgumentException("Invalid span: [" + start + ", " + end + ")");
      }
    }
  }

  /** Whether it holds a text, white space at both ends of that left aside. */
  public boolean holds(String part) {
    return text.contains(PythonText.strip(part));
  }

  /** The text before an offset. */
  public Rendering until(int end) {
    List<Span> kept = generated.stream().filter(span -> span.end() <= end).toList();
    return new Rendering(text.substring(0, end), kept);
  }

  /** The text without white space at its end, as Python sees white space. */
  public Rendering trimmed() {
    return until(PythonText.stripRight(text).length());
  }
}
