package dev.anneal.core.report;

/** Text of an HTML page under construction; what comes from outside goes through {@link #text}. */
final class Html {
  private final StringBuilder page = new StringBuilder();

  /** Adds markup of our own. */
  Html raw(String markup) {
    page.append(markup);
    return this;
  }

  /** Adds text that may hold anything. */
  Html text(String text) {
    page.append(escape(text));
    return this;
  }

  /** Adds an element around a text. */
  Html element(String tag, String cssClass, String text) {
    page.append('<').append(tag);
    if (!cssClass.isEmpty()) {
      page.append(" class=\"").append(cssClass).append('"');
    }
    page.append('>');
    text(text);
    page.append("</").append(tag).append(">\n");
    return this;
  }

  /** Escapes for element content and quoted attributes; control characters become visible. */
  static String escape(String text) {
    StringBuilder escaped = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> escaped.append("&amp;");
        case '<' -> escaped.append("&lt;");
        case '>' -> escaped.append("&gt;");
        case '"' -> escaped.append("&quot;");
        case '\'' -> escaped.append("&#39;");
        case '\n', '\t' -> escaped.append(c);
        default -> escaped.append(Character.isISOControl(c) ? '\ufffd' : c);
      }
    }
    return escaped.toString();
  }

  @Override
  public String toString() {
    return page.toString();
  }
}
