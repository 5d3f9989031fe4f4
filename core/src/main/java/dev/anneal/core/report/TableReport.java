package dev.anneal.core.report;

import dev.anneal.core.config.Redaction;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * A report of numbers and tables in the look of a run's {@link HtmlReport}: one file that needs no
 * network. Everything that comes from data is escaped. Immutable.
 *
 * @param subtitle one line under the title
 * @param tiles the numbers that matter most
 */
public record TableReport(String title, String subtitle, List<Tile> tiles, List<Table> tables) {
  public TableReport {
    tiles = List.copyOf(tiles);
    tables = List.copyOf(tables);
  }

  /** A number and what it is. */
  public record Tile(String label, String value) {}

  /**
   * A table.
   *
   * @param note a sentence under its title; empty for none
   * @param columns their heads, without that of the rows' names
   */
  public record Table(String title, String note, List<String> columns, List<Row> rows) {
    public Table {
      columns = List.copyOf(columns);
      rows = List.copyOf(rows);
    }
  }

  /**
   * A row of a table.
   *
   * @param cells one for each column
   * @param share of 1, drawn as a bar in the last cell; NaN for none
   */
  public record Row(String name, List<String> cells, double share) {
    public Row {
      name = Redaction.text(name);
      cells = List.copyOf(cells);
    }

    /** A row without a bar. */
    public static Row of(String name, String... cells) {
      return new Row(name, List.of(cells), Double.NaN);
    }
  }

  public void write(FileStore store, String path) throws IOException {
    store.writeBytes(path, render().getBytes(StandardCharsets.UTF_8));
  }

  public String render() {
    Html page = new Html();
    HtmlReport.head(page, title);
    page.raw("<header><div><h1>").text(title).raw("</h1>\n").element("p", "", subtitle);
    page.raw("</div>\n<button id=\"theme\" type=\"button\" title=\"light or dark\">");
    page.raw("\u25d0</button></header>\n<div class=\"tiles\">\n");
    tiles.forEach(tile -> HtmlReport.tile(page, tile.label(), tile.value()));
    page.raw("</div>\n");
    tables.forEach(table -> write(page, table));
    HtmlReport.end(page);
    return page.toString();
  }

  private static void write(Html page, Table table) {
    HtmlReport.table(
        page,
        table.title(),
        table.note(),
        table.columns(),
        () -> table.rows().forEach(row -> write(page, row)));
  }

  private static void write(Html page, Row row) {
    page.raw("<tr>").element("th", "", row.name());
    for (int i = 0; i < row.cells().size(); i++) {
      page.raw("<td>").text(row.cells().get(i));
      if (i == row.cells().size() - 1 && Double.isFinite(row.share())) {
        page.raw("<i class=\"bar\"><i style=\"width:");
        page.raw(String.format(Locale.ROOT, "%.1f%%\"></i></i>", 100 * row.share()));
      }
      page.raw("</td>");
    }
    page.raw("</tr>\n");
  }
}
