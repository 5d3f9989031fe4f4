package dev.anneal.core.report;

import dev.anneal.core.config.Redaction;
import java.util.List;

/**
 * Exact-match scores: a row for each set of questions, a column for each model that answered.
 *
 * @param note what a reader must know to read it; may be empty
 */
public record ScoreTable(String title, String note, List<String> columns, List<Row> rows) {

  /** Scores of one set of questions, one for each column. */
  public record Row(String name, List<AnswerScore> scores) {
    public Row {
      name = Redaction.text(name);
      scores = List.copyOf(scores);
    }
  }

  public ScoreTable {
    columns = List.copyOf(columns);
    rows = List.copyOf(rows);
    for (Row row : rows) {
      if (row.scores().size() != columns.size()) {
        throw new IllegalArgumentException(
            "Invalid scores of "
                + row.name()
                + ": "
                + row.scores().size()
                + " (expected "
                + columns.size()
                + " as the columns)");
      }
    }
  }
}
