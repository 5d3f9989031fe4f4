package dev.anneal.core.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableReportTest {

  @Test
  void isOnePageThatNeedsNothingElseAndEscapesData() {
    TableReport report =
        new TableReport(
            "语料 <b>",
            "one & only",
            List.of(new TableReport.Tile("tokens", "12 <3")),
            List.of(
                new TableReport.Table(
                    "Lengths",
                    "",
                    List.of("samples", "share"),
                    List.of(
                        TableReport.Row.of("<i>", "1", "no bar"),
                        new TableReport.Row("2 to 3", List.of("7", "25 %"), 0.25)))));
    String page = report.render();
    assertThat(page)
        .startsWith("<!DOCTYPE html>")
        .endsWith("</html>\n")
        .contains("default-src 'none'", "<title>语料 &lt;b&gt;", "one &amp; only", "12 &lt;3")
        .contains("<th>&lt;i&gt;</th>", "25 %<i class=\"bar\"><i style=\"width:25.0%\">")
        .doesNotContain("http://", "https://", "<i>\n");
    assertThat(page.split("class=\"bar\"", -1)).hasSize(2);
  }
}
