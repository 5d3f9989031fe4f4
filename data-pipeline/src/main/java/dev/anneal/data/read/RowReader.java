package dev.anneal.data.read;

import java.io.IOException;
import java.util.Optional;

/** The rows of one slice of a file, in order. Confined to one thread. */
public interface RowReader {
  /** The next row, or empty at the end of the slice. */
  Optional<SourceRow> next() throws IOException;

  /** Rows passed so far, blank lines included; complete once {@link #next} gave empty. */
  long rowCount();
}
