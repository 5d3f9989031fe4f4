package dev.anneal.jobs.tokenize.report;

import dev.anneal.jobs.corpus.CorpusFile;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.corpus.FileSlice;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files that say themselves that they hold no rows, as Spark writes them for an empty partition: an
 * empty array, a table of no rows, a compressed nothing. No fault, but named. Immutable.
 */
public record EmptyFiles(List<String> names) {
  private static final Logger LOG = LoggerFactory.getLogger(EmptyFiles.class);
  private static final int SHOWN = 5;

  public EmptyFiles {
    names = List.copyOf(names);
  }

  /** Of the first pass over each file; those of no bytes say it by their size. */
  public static EmptyFiles of(List<CorpusSplit> splits, List<StagedSplit> staged) {
    Map<CorpusFile, Long> rows = new LinkedHashMap<>();
    for (int i = 0; i < splits.size(); i++) {
      List<FileSlice> slices = splits.get(i).slices();
      for (int slice = 0; slice < slices.size(); slice++) {
        if (slices.get(slice).pass() == 0 && slices.get(slice).file().bytes() > 0) {
          rows.merge(slices.get(slice).file(), staged.get(i).sliceRows()[slice], Long::sum);
        }
      }
    }
    List<String> names = new ArrayList<>();
    rows.forEach(
        (file, count) -> {
          if (count == 0) {
            names.add(file.display());
          }
        });
    return new EmptyFiles(names);
  }

  void warn() {
    if (!names.isEmpty()) {
      LOG.warn(
          "{} files hold no rows, the first of them: {}",
          names.size(),
          String.join(", ", names.subList(0, Math.min(SHOWN, names.size()))));
    }
  }
}
