package dev.anneal.jobs.tokenize;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.anneal.core.config.TokenizeConfig;
import dev.anneal.core.data.InvalidRowException;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The bad rows of a corpus with their places in the files, in the order of the corpus. */
final class Quarantine {
  private final List<Entry> entries;

  private Quarantine(List<Entry> entries) {
    this.entries = entries;
  }

  /** A bad row: file as the user writes it, line or element from 1, and why. */
  private record Entry(String file, long line, String reason) {}

  static Quarantine of(List<CorpusSplit> splits, List<StagedSplit> staged) {
    List<Entry> entries = new ArrayList<>();
    Map<String, Long> linesBefore = new HashMap<>(); // of each file, in its first pass
    for (int i = 0; i < splits.size(); i++) {
      List<FileSlice> slices = splits.get(i).slices();
      for (int slice = 0; slice < slices.size(); slice++) {
        String uri = slices.get(slice).file().uri();
        int input = slices.get(slice).file().input();
        String key = input + " " + slices.get(slice).pass() + " " + uri;
        long before = linesBefore.getOrDefault(key, 0L);
        for (BadRow row : staged.get(i).bad()) {
          if (row.slice() == slice) {
            String file = slices.get(slice).file().display();
            entries.add(new Entry(file, before + row.number(), row.reason()));
          }
        }
        linesBefore.put(key, before + staged.get(i).sliceRows()[slice]);
      }
    }
    return new Quarantine(entries);
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  /** One JSON object a row: file, line, reason. */
  void write(FileStore store, String path) throws IOException {
    store.write(
        path,
        out -> {
          for (Entry entry : entries) {
            String line =
                JsonNodeFactory.instance
                    .objectNode()
                    .put("file", entry.file())
                    .put("line", entry.line())
                    .put("reason", entry.reason())
                    .toString();
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
          }
        });
  }

  /** Fails when there are more bad rows than the settings allow. */
  void require(TokenizeConfig config, long rows) {
    double ratio = config.maxBadRatio();
    if (entries.isEmpty() || entries.size() <= ratio * rows) {
      return;
    }
    Entry first = entries.get(0);
    String share =
        ratio == 0
            ? "tokenize.max_bad_ratio = 0 allows none"
            : entries.size() + " of " + rows + " rows; tokenize.max_bad_ratio = " + ratio;
    throw new InvalidRowException(
        "Invalid row: "
            + first.file()
            + " line "
            + first.line()
            + ": "
            + first.reason()
            + " ("
            + share
            + "; a higher value sets bad rows aside in _anneal/quarantine.jsonl)");
  }
}
