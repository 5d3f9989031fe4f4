package dev.anneal.core.report;

import dev.anneal.core.config.Redaction;

/**
 * A list of named values under construction; a value that is empty is left out, and so are the
 * secrets of paths.
 */
final class Facts {
  private final Html rows = new Html();

  void add(String name, String value) {
    if (!value.isBlank()) {
      rows.raw("<div>")
          .element("dt", "", name)
          .element("dd", "", Redaction.text(value))
          .raw("</div>\n");
    }
  }

  void write(Html page) {
    page.raw("<dl class=\"facts\">\n").raw(rows.toString()).raw("</dl>\n");
  }
}
