package dev.anneal.jobs.tokenize.map;

import dev.anneal.data.config.InputConfig;
import dev.anneal.data.read.SourceRow;
import dev.anneal.jobs.corpus.InputColumns;
import dev.anneal.jobs.tokenize.choose.RowChoice;
import dev.anneal.jobs.tokenize.encode.RowEncoder;
import dev.anneal.jobs.tokenize.staging.StagedOutput;
import dev.anneal.jobs.tokenize.tally.EncodedSample;
import java.io.IOException;
import java.util.Optional;

/** What is done with each row: first whether it is taken, then its tokens. One thread. */
record RowWork(InputColumns columns, RowChoice choice, RowEncoder encoder) {
  EncodedSample encode(int slice, SourceRow row, InputConfig.Format format, StagedOutput documents)
      throws IOException {
    Optional<EncodedSample> left = choice.leaves(slice, row, format);
    return left.isPresent() ? left.get() : encoder.encode(row, format, documents);
  }
}
