package dev.anneal.jobs.tokenize.report;

import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.corpus.FileSlice;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Numbers the rows of a corpus by file where tasks count them by slice: asked for one split after
 * the other, in the order of the corpus. Confined to one thread.
 */
final class LineNumbers {
  private final Map<String, Long> linesBefore = new HashMap<>(); // of each file, in each pass

  /** How many rows of its file, in its pass, lie before each slice of the next split. */
  long[] before(CorpusSplit split, StagedSplit staged) {
    List<FileSlice> slices = split.slices();
    long[] before = new long[slices.size()];
    for (int slice = 0; slice < before.length; slice++) {
      String key = slices.get(slice).pass() + " " + slices.get(slice).file().uri();
      before[slice] = linesBefore.getOrDefault(key, 0L);
      linesBefore.merge(key, staged.sliceRows()[slice], Long::sum);
    }
    return before;
  }
}
