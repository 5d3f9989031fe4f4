package dev.anneal.jobs.tokenize.report;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.corpus.FileSlice;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import dev.anneal.jobs.tokenize.tally.DroppedRow;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Shows the first rows of each reason for which steps before tokenizing left rows out: {@code
 * _anneal/dropped.jsonl}. Stateless.
 */
public final class DroppedRows {
  public static final String FILE = "dropped.jsonl";

  private DroppedRows() {}

  /** Writes the rows by reason, in the order of the corpus; nothing where none was left out. */
  public static void write(
      HadoopFileStore store, String path, List<CorpusSplit> splits, List<StagedSplit> staged)
      throws IOException {
    Map<String, List<String>> byReason = new TreeMap<>();
    LineNumbers numbers = new LineNumbers();
    for (int i = 0; i < splits.size(); i++) {
      List<FileSlice> slices = splits.get(i).slices();
      long[] before = numbers.before(splits.get(i), staged.get(i));
      for (DroppedRow row : staged.get(i).dropped()) {
        List<String> shown = byReason.computeIfAbsent(row.reason(), reason -> new ArrayList<>());
        if (shown.size() < DroppedRow.SHOWN) {
          shown.add(line(slices.get(row.slice()), before[row.slice()] + row.row(), row));
        }
      }
    }
    store.delete(path);
    if (!byReason.isEmpty()) {
      StringBuilder lines = new StringBuilder();
      byReason.values().forEach(shown -> shown.forEach(line -> lines.append(line).append('\n')));
      store.writeBytes(path, lines.toString().getBytes(StandardCharsets.UTF_8));
    }
  }

  private static String line(FileSlice slice, long number, DroppedRow row) {
    ObjectNode entry = JsonNodeFactory.instance.objectNode();
    entry.put("reason", row.reason()).put("file", slice.file().display()).put("line", number);
    return entry.put("start", row.start()).toString();
  }
}
