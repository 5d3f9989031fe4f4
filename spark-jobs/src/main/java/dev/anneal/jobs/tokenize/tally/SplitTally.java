package dev.anneal.jobs.tokenize.tally;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Counts the rows of one split as they pass. Confined to one thread. */
public final class SplitTally {
  private final Map<SkipReason, Long> skipped = new EnumMap<>(SkipReason.class);
  private final Map<String, Long> dropped = new TreeMap<>();
  private final List<DroppedRow> shown = new ArrayList<>();
  private final long[] buckets = SplitStats.zero().lengths();
  private int[] lengths = new int[64];
  private int samples;
  private SplitCounts labelled = SplitCounts.ZERO;
  private long documents;
  private long tokens;
  private long bad;
  private long textBytes;

  /** A document whose tokens were streamed. */
  public void document(EncodedSample.Streamed document) {
    documents++;
    tokens += document.tokens();
    buckets[SplitStats.bucket(document.tokens())]++;
    textBytes += document.textBytes();
  }

  /** A sample with labels, made of a row. */
  public void sample(EncodedSample.Tokens sample, int rowBytes) {
    labelled = labelled.plus(SplitCounts.of(sample));
    lengths = samples < lengths.length ? lengths : Arrays.copyOf(lengths, 2 * samples);
    lengths[samples++] = sample.ids().length;
    buckets[SplitStats.bucket(sample.ids().length)]++;
    textBytes += rowBytes;
  }

  public void skipped(SkipReason reason) {
    skipped.merge(reason, 1L, Long::sum);
  }

  /** A row that was left out; the first ones of each reason are kept to be shown. */
  public void dropped(DroppedRow row) {
    if (dropped.merge(row.reason(), 1L, Long::sum) <= DroppedRow.SHOWN) {
      shown.add(row);
    }
  }

  /** Some rows of each reason. */
  public List<DroppedRow> shown() {
    return shown;
  }

  public void bad() {
    bad++;
  }

  public long badRows() {
    return bad;
  }

  /** Tokens of each sample with labels. */
  public int[] lengths() {
    return Arrays.copyOf(lengths, samples);
  }

  public SplitCounts counts() {
    return labelled.plus(new SplitCounts(documents, tokens, targets(), 0, bad, skipped, dropped));
  }

  /** In a document every token but the first is a target. */
  private long targets() {
    return tokens - documents;
  }

  public SplitStats stats(PhaseClock clock) {
    return new SplitStats(textBytes, buckets.clone(), clock.nanos());
  }
}
