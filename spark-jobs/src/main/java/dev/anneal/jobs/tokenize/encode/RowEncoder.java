package dev.anneal.jobs.tokenize.encode;

import dev.anneal.data.config.InputConfig;
import dev.anneal.data.read.SourceRow;
import dev.anneal.jobs.tokenize.staging.StagedOutput;
import dev.anneal.jobs.tokenize.tally.EncodedSample;
import java.io.IOException;

/** Turns the content of a row into tokens. Confined to one thread. */
public interface RowEncoder {
  /**
   * Never fails for what a row contains: that is {@link EncodedSample.Bad}, with nothing written.
   *
   * @param row sound as far as reading goes; its bytes may be changed
   * @param documents takes the ids of a document; samples with labels are returned instead
   * @throws IOException when ids cannot be written
   */
  EncodedSample encode(SourceRow row, InputConfig.Format format, StagedOutput documents)
      throws IOException;
}
