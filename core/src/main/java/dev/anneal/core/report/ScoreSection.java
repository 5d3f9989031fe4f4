package dev.anneal.core.report;

import java.util.Locale;

/** The part of the report about exact-match scores: numbers with bars. */
final class ScoreSection {
  private ScoreSection() {}

  static void write(Html page, ScoreTable table) {
    HtmlReport.table(
        page,
        table.title(),
        table.note(),
        table.columns(),
        () -> table.rows().forEach(row -> row(page, row)));
  }

  private static void row(Html page, ScoreTable.Row row) {
    page.raw("<tr>").element("th", "", row.name());
    row.scores().forEach(score -> cell(page, score));
    page.raw("</tr>\n");
  }

  private static void cell(Html page, AnswerScore score) {
    if (!score.measured()) {
      page.raw("<td class=\"none\">\u2013</td>");
      return;
    }
    page.raw("<td><b>").text(TrainingSection.percent(score.share())).raw("</b> <small>");
    page.text(score.correct() + " of " + score.total()).raw("</small><i class=\"bar\"><i style=\"");
    page.raw(String.format(Locale.ROOT, "width:%.1f%%\"></i></i></td>", 100 * score.share()));
  }
}
