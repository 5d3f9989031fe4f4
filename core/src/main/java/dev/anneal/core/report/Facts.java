package dev.anneal.core.report;

/** A list of named values under construction; a value that is empty is left out. */
final class Facts {
  private final Html rows = new Html();

  void add(String name, String value) {
    if (!value.isBlank()) {
      rows.raw("<div>").element("dt", "", name).element("dd", "", value).raw("</div>\n");
    }
  }

  void write(Html page) {
    page.raw("<dl class=\"facts\">\n").raw(rows.toString()).raw("</dl>\n");
  }
}
