package dev.anneal.data.chat.jinja;

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
}
