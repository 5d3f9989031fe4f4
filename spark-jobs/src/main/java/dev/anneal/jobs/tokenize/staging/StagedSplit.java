package dev.anneal.jobs.tokenize.staging;

import dev.anneal.jobs.tokenize.tally.DroppedRow;
import dev.anneal.jobs.tokenize.tally.SplitCounts;
import dev.anneal.jobs.tokenize.tally.SplitStats;
import java.io.Serializable;
import java.util.List;

/**
 * What a task made of a split.
 *
 * @param path the staged file: ids one after another; for samples with labels each sample's ids,
 *     then its labels. Beside it lie its documents and its bad rows, see {@link StagedFile}
 * @param lengths tokens of each sample; empty for a stream of documents
 * @param sliceRows rows of each slice that were passed, so that the driver can number lines
 * @param dropped some of the rows that were left out before tokenizing
 * @param reused whether an earlier run made it
 */
public record StagedSplit(
    int index,
    String path,
    SplitCounts counts,
    int[] lengths,
    long[] sliceRows,
    SplitStats stats,
    List<DroppedRow> dropped,
    boolean reused)
    implements Serializable {

  /** The same in another folder. */
  StagedSplit at(String newPath) {
    return new StagedSplit(index, newPath, counts, lengths, sliceRows, stats, dropped, reused);
  }

  /** The same from an earlier run, wherever its folder and its place among the splits are now. */
  StagedSplit reusedAs(int newIndex, String newPath) {
    return new StagedSplit(newIndex, newPath, counts, lengths, sliceRows, stats, dropped, true);
  }
}
