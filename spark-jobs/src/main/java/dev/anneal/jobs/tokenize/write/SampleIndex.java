package dev.anneal.jobs.tokenize.write;

import dev.anneal.jobs.tokenize.staging.StagedSplit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Every staged sample by its number in the corpus: length and place. Immutable. */
final class SampleIndex {
  private final List<String> paths = new ArrayList<>();
  private final int[] lengths;
  private final int[] files;
  private final long[] offsets;

  SampleIndex(List<StagedSplit> staged) {
    int total = Math.toIntExact(staged.stream().mapToLong(split -> split.lengths().length).sum());
    lengths = new int[total];
    files = new int[total];
    offsets = new long[total];
    int sample = 0;
    for (StagedSplit split : staged) {
      long offset = 0;
      for (int length : split.lengths()) {
        lengths[sample] = length;
        files[sample] = paths.size();
        offsets[sample++] = offset;
        offset += 2L * Integer.BYTES * length;
      }
      paths.add(split.path());
    }
  }

  int count() {
    return lengths.length;
  }

  int[] lengths(int first, int count) {
    return Arrays.copyOfRange(lengths, first, first + count);
  }

  int length(int sample) {
    return lengths[sample];
  }

  String path(int sample) {
    return paths.get(files[sample]);
  }

  long offset(int sample) {
    return offsets[sample];
  }
}
