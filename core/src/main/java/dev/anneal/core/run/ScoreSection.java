package dev.anneal.core.run;

import java.util.Locale;

/** The part of the report about exact-match scores: numbers with bars. */
final class ScoreSection {
  private ScoreSection() {}

  static void write(Html page, ScoreTable table) {
    page.raw("<section>").element("h2", "", table.title());
    if (!table.note().isEmpty()) {
      page.element("p", "note", table.note());
    }
    page.raw("<div class=\"scroll\"><table class=\"scores\"><thead><tr><th></th>");
    table.columns().forEach(column -> page.element("th", "", column));
    page.raw("</tr></thead><tbody>\n");
    for (ScoreTable.Row row : table.rows()) {
      page.raw("<tr>").element("th", "", row.name());
      row.scores().forEach(score -> cell(page, score));
      page.raw("</tr>\n");
    }
    page.raw("</tbody></table></div></section>\n");
  }

  private static void cell(Html page, Score score) {
    if (!score.measured()) {
      page.raw("<td class=\"none\">\u2013</td>");
      return;
    }
    page.raw("<td><b>").text(TrainingSection.percent(score.share())).raw("</b> <small>");
    page.text(score.correct() + " of " + score.total()).raw("</small><i class=\"bar\"><i style=\"");
    page.raw(String.format(Locale.ROOT, "width:%.1f%%\"></i></i></td>", 100 * score.share()));
  }
}
