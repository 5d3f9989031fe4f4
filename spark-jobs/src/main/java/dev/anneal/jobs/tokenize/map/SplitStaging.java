package dev.anneal.jobs.tokenize.map;

import dev.anneal.data.config.InputConfig;
import dev.anneal.data.read.SourceRow;
import dev.anneal.jobs.corpus.BlankFile;
import dev.anneal.jobs.corpus.ContentShare;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.corpus.FileSlice;
import dev.anneal.jobs.corpus.SliceRows;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenize.staging.StagedOutput;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import dev.anneal.jobs.tokenize.tally.BadRow;
import dev.anneal.jobs.tokenize.tally.DroppedRow;
import dev.anneal.jobs.tokenize.tally.EncodedSample;
import dev.anneal.jobs.tokenize.tally.Phase;
import dev.anneal.jobs.tokenize.tally.PhaseClock;
import dev.anneal.jobs.tokenize.tally.SplitTally;
import java.io.IOException;
import java.util.Optional;

/** The work on one split, from its rows to its staged files. Confined to one thread. */
final class SplitStaging {
  private final CorpusSplit split;
  private final RowWork rows;
  private final StagedOutput out;
  private final PhaseClock clock;
  private final boolean allowsBad;
  private final long[] sliceRows;
  private final SplitTally tally = new SplitTally();

  /**
   * @param allowsBad else the first bad row ends the job, so that the rest can be spared
   */
  SplitStaging(
      CorpusSplit split, RowWork rows, StagedOutput out, PhaseClock clock, boolean allowsBad) {
    this.split = split;
    this.rows = rows;
    this.out = out;
    this.clock = clock;
    this.allowsBad = allowsBad;
    this.sliceRows = new long[split.slices().size()];
  }

  StagedSplit run(HadoopFileStore store) throws IOException {
    for (int i = 0; i < sliceRows.length && !isHopeless(); i++) {
      FileSlice slice = split.slices().get(i);
      try (SliceRows rows = SliceRows.open(store, slice, this.rows.columns().of(slice))) {
        Optional<SourceRow> row = rows.next();
        boolean blank = true;
        while (row.isPresent() && !isHopeless()) {
          clock.lap(Phase.READ);
          blank = blank && isBlankLine(slice, row.get());
          accept(i, slice, row.get());
          clock.lap(Phase.TOKENIZE);
          row = rows.next();
        }
        sliceRows[i] = rows.rowCount();
        if (blank && sliceRows[i] > 0 && new BlankFile(store).isWhole(slice)) {
          bad(i, slice, SourceRow.unreadable(1, BlankFile.FAULT), BlankFile.FAULT);
        }
      }
      clock.lap(Phase.READ);
    }
    out.finish();
    StagedSplit staged =
        new StagedSplit(
            split.index(),
            out.path(),
            tally.counts(),
            tally.lengths(),
            sliceRows,
            tally.stats(clock),
            tally.shown(),
            false);
    if (isHopeless()) {
      out.keep();
    } else {
      out.commit(split, staged);
    }
    return staged;
  }

  private boolean isHopeless() {
    return !allowsBad && tally.badRows() > 0;
  }

  private void accept(int sliceIndex, FileSlice slice, SourceRow row) throws IOException {
    InputConfig.Format format = slice.file().format();
    if (!row.fault().isEmpty()) {
      bad(sliceIndex, slice, row, row.fault());
      return;
    }
    if (isBlankLine(slice, row) || !ContentShare.takes(row, slice.keep())) {
      return;
    }
    EncodedSample sample = rows.encode(sliceIndex, row, format, out);
    if (sample instanceof EncodedSample.Bad bad) {
      bad(sliceIndex, slice, row, bad.reason());
    } else if (sample instanceof EncodedSample.Skipped skipped) {
      tally.skipped(skipped.reason());
    } else if (sample instanceof EncodedSample.Dropped drop) {
      tally.dropped(new DroppedRow(sliceIndex, row.number(), drop.reason(), drop.start()));
    } else if (sample instanceof EncodedSample.Streamed document) {
      tally.document(document);
      out.endDocument(sliceIndex, row.number());
    } else if (sample instanceof EncodedSample.Tokens tokens) {
      tally.sample(tokens, row.length());
      out.accept(tokens);
      out.endDocument(sliceIndex, row.number());
    }
  }

  private static boolean isBlankLine(FileSlice slice, SourceRow row) {
    boolean json = slice.file().format() == InputConfig.Format.JSONL;
    return json && row.fault().isEmpty() && row.isBlank();
  }

  private void bad(int sliceIndex, FileSlice slice, SourceRow row, String reason)
      throws IOException {
    if (slice.pass() == 0) { // else counted in the first pass
      tally.bad();
      out.bad(BadRow.of(sliceIndex, row, reason));
    }
  }
}
