package dev.anneal.jobs.tokenize.map;

import dev.anneal.data.read.SourceRow;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.corpus.FileSlice;
import dev.anneal.jobs.corpus.SliceRows;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.read.RowColumns;
import dev.anneal.jobs.task.JavaBytes;
import dev.anneal.jobs.task.TaskRun;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import dev.anneal.jobs.tokenize.tally.SplitCounts;
import dev.anneal.jobs.tokenize.tally.SplitStats;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;

/**
 * The place of a bad row in a run that it ended: rows of its file that no task has passed yet are
 * counted, without tokenizing them. Runs on the driver, one thread.
 */
public record FirstBadRow(JavaSparkContext spark, HadoopFileStore store) {

  /** The split with the row, after those that begin its first file, with what is known of them. */
  public record Found(List<CorpusSplit> splits, List<StagedSplit> staged) {}

  public Found among(List<CorpusSplit> splits, Map<Integer, StagedSplit> done) {
    StagedSplit bad =
        done.values().stream().filter(split -> split.counts().bad() > 0).findFirst().orElseThrow();
    List<CorpusSplit> found = new ArrayList<>(before(splits, bad.index()));
    Map<Integer, long[]> rows = rows(found, done);
    List<StagedSplit> staged = new ArrayList<>();
    for (CorpusSplit split : found) {
      staged.add(
          new StagedSplit(
              split.index(),
              "",
              SplitCounts.ZERO,
              new int[0],
              rows.get(split.index()),
              SplitStats.zero(),
              List.of(),
              false));
    }
    found.add(splits.get(bad.index()));
    staged.add(bad);
    return new Found(found, staged);
  }

  /** The parts of the file that go on in a split, as far as they lie in splits before it. */
  private static List<CorpusSplit> before(List<CorpusSplit> splits, int index) {
    FileSlice first = splits.get(index).slices().get(0);
    List<CorpusSplit> before = new ArrayList<>();
    for (int i = index - 1; i >= 0 && first.start() > 0; i--) {
      CorpusSplit split = splits.get(i);
      List<FileSlice> same =
          split.slices().stream()
              .filter(slice -> slice.file().equals(first.file()) && slice.pass() == first.pass())
              .toList();
      if (same.isEmpty()) {
        break;
      }
      before.add(0, new CorpusSplit(i, split.input(), same));
    }
    return before;
  }

  /** Only the last slices of a split can go on in another one. */
  private Map<Integer, long[]> rows(List<CorpusSplit> splits, Map<Integer, StagedSplit> done) {
    Map<Integer, long[]> rows = new TreeMap<>();
    List<CorpusSplit> open = new ArrayList<>();
    for (CorpusSplit split : splits) {
      if (done.containsKey(split.index())) {
        long[] all = done.get(split.index()).sliceRows();
        int from = all.length - split.slices().size();
        rows.put(split.index(), Arrays.copyOfRange(all, from, all.length));
      } else {
        open.add(split);
      }
    }
    spark.sc().setJobDescription("find the line of a bad row");
    new TaskRun(spark)
        .run(open, new RowCount(store), long[].class, count -> false)
        .forEach((index, count) -> rows.put(open.get(index).index(), count));
    return rows;
  }

  /** Counts the rows of each slice of a split. */
  private record RowCount(HadoopFileStore store) implements Function<byte[], byte[]> {
    @Override
    public byte[] call(byte[] bytes) throws IOException {
      CorpusSplit split = JavaBytes.to(CorpusSplit.class, bytes);
      long[] counts = new long[split.slices().size()];
      for (int i = 0; i < counts.length; i++) {
        try (SliceRows rows = SliceRows.open(store, split.slices().get(i), RowColumns.ALL)) {
          Optional<SourceRow> row = rows.next();
          while (row.isPresent()) {
            row = rows.next();
          }
          counts[i] = rows.rowCount();
        }
      }
      return JavaBytes.of(counts);
    }
  }
}
