package dev.anneal.jobs.corpus;

import dev.anneal.data.read.SourceRow;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.read.RowColumns;
import java.io.IOException;
import java.util.Optional;

/**
 * Files of JSON rows that hold blank lines alone: more likely a fault of what wrote them than meant
 * so. Stateless but for the store.
 */
public record BlankFile(HadoopFileStore store) {
  public static final String FAULT = "the file has bytes but no row (blank lines alone)";

  /**
   * Whether a slice with blank lines alone begins a file that goes on like this to its end, so that
   * a file is told once, however it is cut.
   */
  public boolean isWhole(FileSlice slice) throws IOException {
    if (slice.start() > 0) {
      return false;
    }
    if (slice.end() >= slice.file().bytes()) {
      return true;
    }
    FileSlice rest = new FileSlice(slice.file(), 0, 1, slice.end(), Long.MAX_VALUE);
    try (SliceRows rows = SliceRows.open(store, rest, RowColumns.ALL)) {
      Optional<SourceRow> row = rows.next();
      while (row.isPresent() && row.get().fault().isEmpty() && row.get().isBlank()) {
        row = rows.next();
      }
      return row.isEmpty();
    }
  }
}
