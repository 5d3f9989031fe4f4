package dev.anneal.jobs.tokenize.choose;

import dev.anneal.data.config.InputConfig;
import dev.anneal.data.read.SourceRow;
import dev.anneal.jobs.tokenize.tally.EncodedSample;
import java.io.IOException;
import java.util.Optional;

/** Whether a row of a split is tokenized. Rows come in order. Confined to one thread. */
public interface RowChoice {
  /** Takes every row. */
  RowChoice ALL = (slice, row, format) -> Optional.empty();

  /** {@code Dropped} or {@code Elsewhere} for a row that is not taken; its bytes are left alone. */
  Optional<EncodedSample> leaves(int slice, SourceRow row, InputConfig.Format format)
      throws IOException;
}
