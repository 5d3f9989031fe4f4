package dev.anneal.jobs.tokenize.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.data.InvalidRowException;
import dev.anneal.core.io.FileStore;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.read.JsonRows;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.corpus.FileSlice;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenize.staging.StagedFile;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import dev.anneal.jobs.tokenize.tally.BadRow;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * The bad rows of a corpus in the order of the corpus, one file an input, each row with its place
 * and what is wrong. They pass from the staged files to the quarantine without being held. Runs on
 * the driver, one thread.
 */
public final class Quarantine {
  public static final String FOLDER = "quarantine";

  private final HadoopFileStore store;
  private final String folder;
  private final LineNumbers numbers = new LineNumbers();
  private Optional<String> first = Optional.empty();
  private long rows;

  public Quarantine(HadoopFileStore store, String folder) {
    this.store = store;
    this.folder = folder;
  }

  /** Writes the bad rows of all inputs; nothing where there are none. */
  public void write(List<CorpusSplit> splits, List<StagedSplit> staged) throws IOException {
    store.delete(folder);
    int i = 0;
    while (i < splits.size()) {
      int input = splits.get(i).input();
      int end = i;
      long bad = 0;
      while (end < splits.size() && splits.get(end).input() == input) {
        bad += staged.get(end++).counts().bad();
      }
      List<CorpusSplit> ofInput = splits.subList(i, end);
      List<StagedSplit> stagedOfInput = staged.subList(i, end);
      if (bad > 0) {
        store.write(
            FileStore.join(folder, "input-" + input + ".jsonl"),
            out -> write(ofInput, stagedOfInput, out));
      }
      i = end;
    }
  }

  private void write(List<CorpusSplit> splits, List<StagedSplit> staged, OutputStream out)
      throws IOException {
    for (int i = 0; i < splits.size(); i++) {
      List<FileSlice> slices = splits.get(i).slices();
      long[] before = numbers.before(splits.get(i), staged.get(i));
      if (staged.get(i).counts().bad() > 0) {
        copy(staged.get(i), slices, before, out);
      }
    }
  }

  private void copy(StagedSplit split, List<FileSlice> slices, long[] before, OutputStream out)
      throws IOException {
    String path = StagedFile.badPath(split.path());
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(store.open(path), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode json = JsonRows.object(line.getBytes(StandardCharsets.UTF_8));
        BadRow row = BadRow.ofLine(json);
        String file = slices.get(row.slice()).file().display();
        long number = before[row.slice()] + row.number();
        ObjectNode entry = JsonNodeFactory.instance.objectNode();
        entry.put("file", file).put("line", number).put("reason", Redaction.text(row.reason()));
        entry.setAll(row.row());
        out.write((entry + "\n").getBytes(StandardCharsets.UTF_8));
        if (rows++ == 0) {
          first = Optional.of(file + " line " + number + ": " + row.reason());
        }
      }
    }
  }

  /** Fails when there are more bad rows than the settings allow. */
  public void require(TokenizeConfig config, long allRows) {
    double ratio = config.maxBadRatio();
    if (rows == 0 || rows <= ratio * allRows) {
      return;
    }
    String share =
        ratio == 0
            ? "tokenize.max_bad_ratio = 0 allows none"
            : rows + " of " + allRows + " rows; tokenize.max_bad_ratio = " + ratio;
    throw new InvalidRowException(
        "Invalid row: "
            + first.orElseThrow()
            + " ("
            + share
            + "; a higher value sets bad rows aside in _anneal/quarantine)");
  }
}
