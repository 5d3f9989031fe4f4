package dev.anneal.core.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Cuts a micro-batch between samples into parts of about equally many tokens. Samples do not see
 * each other, so the parts' losses and gradients sum to those of the whole. A function of the
 * lengths alone. Stateless.
 */
public final class MicroBatchSplit {
  /** How much longer than the mean the longest part may be for the cut to be worth while. */
  private static final double BALANCE = 1.2;

  private MicroBatchSplit() {}

  /**
   * The largest number of parts that divides {@code most} and can be balanced; each part keeps the
   * order of its samples.
   */
  public static List<MicroBatch> of(MicroBatch batch, int most) {
    for (int parts = Math.min(most, batch.sequenceLengths().length); parts > 1; parts--) {
      if (most % parts == 0) {
        List<List<Integer>> groups = deal(batch.sequenceLengths(), parts);
        if (balanced(groups, batch)) {
          return groups.stream().map(group -> part(batch, group)).toList();
        }
      }
    }
    return List.of(batch);
  }

  /** The longest sample first, each to the part with the fewest tokens so far. */
  private static List<List<Integer>> deal(long[] lengths, int parts) {
    List<List<Integer>> groups = new ArrayList<>();
    for (int i = 0; i < parts; i++) {
      groups.add(new ArrayList<>());
    }
    long[] tokens = new long[parts];
    IntStream.range(0, lengths.length)
        .boxed()
        .sorted(Comparator.comparingLong(sample -> -lengths[sample]))
        .forEach(
            sample -> {
              int least =
                  IntStream.range(0, parts)
                      .boxed()
                      .min(Comparator.comparingLong(i -> tokens[i]))
                      .orElseThrow();
              groups.get(least).add(sample);
              tokens[least] += lengths[sample];
            });
    groups.forEach(group -> group.sort(Comparator.naturalOrder()));
    return groups;
  }

  private static boolean balanced(List<List<Integer>> groups, MicroBatch batch) {
    long longest =
        groups.stream()
            .mapToLong(group -> group.stream().mapToLong(s -> batch.sequenceLengths()[s]).sum())
            .max()
            .orElse(0);
    return longest * groups.size() <= BALANCE * batch.tokenCount();
  }

  private static MicroBatch part(MicroBatch batch, List<Integer> samples) {
    long[] starts = new long[batch.sequenceLengths().length + 1];
    for (int i = 0; i < batch.sequenceLengths().length; i++) {
      starts[i + 1] = starts[i] + batch.sequenceLengths()[i];
    }
    long[] lengths = samples.stream().mapToLong(s -> batch.sequenceLengths()[s]).toArray();
    int total = (int) Arrays.stream(lengths).sum();
    long[] ids = new long[total];
    long[] positions = new long[total];
    long[] rows = new long[batch.targetCount()];
    long[] targets = new long[batch.targetCount()];
    int at = 0;
    int targetCount = 0;
    for (int sample : samples) {
      int start = (int) starts[sample];
      int length = (int) batch.sequenceLengths()[sample];
      System.arraycopy(batch.tokenIds(), start, ids, at, length);
      System.arraycopy(batch.positionIds(), start, positions, at, length);
      int next = firstTarget(batch, start);
      while (next < batch.targetCount() && batch.targetRows()[next] < start + length) {
        rows[targetCount] = batch.targetRows()[next] - start + at;
        targets[targetCount++] = batch.targets()[next++];
      }
      at += length;
    }
    return new MicroBatch(
        ids,
        positions,
        lengths,
        Arrays.copyOf(rows, targetCount),
        Arrays.copyOf(targets, targetCount),
        samples.stream().mapToLong(s -> batch.sampleKeys()[s]).toArray(),
        samples.stream().mapToLong(s -> batch.firstLabels()[s]).toArray());
  }

  private static int firstTarget(MicroBatch batch, long start) {
    int found = Arrays.binarySearch(batch.targetRows(), start);
    return found >= 0 ? found : -found - 1;
  }
}
