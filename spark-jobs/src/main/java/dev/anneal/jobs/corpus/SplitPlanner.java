package dev.anneal.jobs.corpus;

import dev.anneal.data.config.InputConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a corpus into splits by file sizes alone. Uncompressed line files are cut at fixed offsets,
 * small files share a split, all others are whole. The order of the splits is the order of the
 * rows; where they are cut does not change what comes out. Pure arithmetic.
 */
public final class SplitPlanner {
  private static final long MIN_SPLIT_BYTES = 4L << 20;
  private static final long MAX_SPLIT_BYTES = 128L << 20;
  private static final int AIMED_SPLITS = 256;
  private static final int COMPRESSION_RATIO = 4;
  private static final int MAX_FILES = 1000;

  private final long splitBytes;
  private final List<CorpusSplit> splits = new ArrayList<>();
  private final List<FileSlice> open = new ArrayList<>();
  private long openBytes;

  private SplitPlanner(long splitBytes) {
    this.splitBytes = splitBytes;
  }

  /** The splits of all inputs; {@code files} holds each input's files in order. */
  public static List<CorpusSplit> plan(List<InputConfig> inputs, List<List<CorpusFile>> files) {
    long total = 0;
    for (List<CorpusFile> ofInput : files) {
      total += ofInput.stream().mapToLong(SplitPlanner::weight).sum();
    }
    long aimed = Math.max(MIN_SPLIT_BYTES, Math.min(MAX_SPLIT_BYTES, total / AIMED_SPLITS));
    // A power of two, so that a file that is mended does not move all cuts.
    return plan(inputs, files, Long.highestOneBit(aimed));
  }

  public static List<CorpusSplit> plan(
      List<InputConfig> inputs, List<List<CorpusFile>> files, long splitBytes) {
    SplitPlanner planner = new SplitPlanner(splitBytes);
    for (int i = 0; i < inputs.size(); i++) {
      double weight = inputs.get(i).weight();
      for (int pass = 0; pass < weight; pass++) {
        for (CorpusFile file : files.get(i)) {
          planner.add(file, pass, Math.min(1, weight - pass));
        }
        planner.close(i); // so that every pass is cut alike
      }
    }
    return planner.splits;
  }

  private void add(CorpusFile file, int pass, double keep) {
    if (!isSplittable(file)) {
      add(new FileSlice(file, pass, keep, 0, Long.MAX_VALUE), weight(file));
      return;
    }
    for (long start = 0; start < file.bytes() || start == 0; start += splitBytes) {
      long end = Math.min(file.bytes(), start + splitBytes);
      add(new FileSlice(file, pass, keep, start, end), end - start);
    }
  }

  private void add(FileSlice slice, long bytes) {
    if (!open.isEmpty() && (openBytes + bytes > splitBytes || open.size() == MAX_FILES)) {
      close(open.get(0).file().input());
    }
    open.add(slice);
    openBytes += bytes;
  }

  private void close(int input) {
    if (!open.isEmpty()) {
      splits.add(new CorpusSplit(splits.size(), input, open));
      open.clear();
      openBytes = 0;
    }
  }

  private static boolean isSplittable(CorpusFile file) {
    boolean lines =
        file.format() == InputConfig.Format.LINES
            || (file.format() == InputConfig.Format.JSONL && !FormatGuess.mayBeArray(file.path()));
    return lines && !FormatGuess.isCompressed(file.path());
  }

  private static long weight(CorpusFile file) {
    return FormatGuess.isCompressed(file.path()) ? COMPRESSION_RATIO * file.bytes() : file.bytes();
  }
}
