package dev.anneal.core.model;

import dev.anneal.core.data.TokenRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The rows of one forward and backward on one rank, one after another without padding. Position ids
 * restart at each packed sample; the target of a position is the label of the next position of the
 * same sample, so the first token of a sample is a target only where virtual tokens stand before
 * it.
 *
 * @param tokenIds ids, [N]
 * @param positionIds position inside the own sample, [N]
 * @param sequenceLengths lengths of the samples, [S], with sum N
 * @param targetRows positions with a target, ascending
 * @param targets their target ids
 * @param sampleKeys for each sample a number that names it in the run, whatever rank holds it, [S]
 * @param firstLabels the label of each sample's first token, [S]
 */
public record MicroBatch(
    long[] tokenIds,
    long[] positionIds,
    long[] sequenceLengths,
    long[] targetRows,
    long[] targets,
    long[] sampleKeys,
    long[] firstLabels) {

  /** Samples whose first tokens have no label. */
  public MicroBatch(
      long[] tokenIds,
      long[] positionIds,
      long[] sequenceLengths,
      long[] targetRows,
      long[] targets,
      long[] sampleKeys) {
    this(
        tokenIds,
        positionIds,
        sequenceLengths,
        targetRows,
        targets,
        sampleKeys,
        unlabelled(sequenceLengths.length));
  }

  private static long[] unlabelled(int samples) {
    long[] labels = new long[samples];
    Arrays.fill(labels, TokenRow.IGNORE_INDEX);
    return labels;
  }

  public int tokenCount() {
    return tokenIds.length;
  }

  public int targetCount() {
    return targets.length;
  }

  /** Lays rows end to end; {@code firstSampleKey} names the first row, the next ones count up. */
  public static MicroBatch of(List<TokenRow> rows, long firstSampleKey) {
    int total = rows.stream().mapToInt(row -> row.inputIds().length).sum();
    long[] ids = new long[total];
    long[] positions = new long[total];
    long[] labels = new long[total];
    List<Long> lengths = new ArrayList<>();
    List<Long> keys = new ArrayList<>();
    List<Long> firstLabels = new ArrayList<>();
    int at = 0;
    int targetCount = 0;
    for (int r = 0; r < rows.size(); r++) {
      TokenRow row = rows.get(r);
      int offset = 0;
      for (int s = 0; s < row.sequenceLengths().length; s++) {
        int length = row.sequenceLengths()[s];
        lengths.add((long) length);
        keys.add((firstSampleKey + r) * 65_536L + s);
        firstLabels.add((long) row.labels()[offset]);
        for (int i = 0; i < length; i++) {
          ids[at + i] = row.inputIds()[offset + i];
          positions[at + i] = i;
          boolean last = i + 1 == length;
          labels[at + i] = last ? TokenRow.IGNORE_INDEX : row.labels()[offset + i + 1];
          targetCount += labels[at + i] == TokenRow.IGNORE_INDEX ? 0 : 1;
        }
        at += length;
        offset += length;
      }
    }
    long[] targetRows = new long[targetCount];
    long[] targets = new long[targetCount];
    for (int i = 0, t = 0; i < total; i++) {
      if (labels[i] != TokenRow.IGNORE_INDEX) {
        targetRows[t] = i;
        targets[t++] = labels[i];
      }
    }
    return new MicroBatch(
        ids, positions, toArray(lengths), targetRows, targets, toArray(keys), toArray(firstLabels));
  }

  private static long[] toArray(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).toArray();
  }
}
