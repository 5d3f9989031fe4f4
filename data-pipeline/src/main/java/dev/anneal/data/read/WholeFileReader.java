package dev.anneal.data.read;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** One row that is the whole file. Confined to one thread; the stream belongs to the caller. */
public final class WholeFileReader implements RowReader {
  private final InputStream in;
  private long rows;

  public WholeFileReader(InputStream in) {
    this.in = in;
  }

  @Override
  public Optional<SourceRow> next() throws IOException {
    if (rows > 0) {
      return Optional.empty();
    }
    rows++;
    try (LongContent content = new LongContent()) {
      byte[] buffer = new byte[1 << 16];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        content.append(buffer, 0, read);
      }
      if (!content.fits()) {
        return Optional.of(
            SourceRow.unreadable(
                1,
                "file of %d bytes (must be at most %d)"
                    .formatted(content.length(), LongContent.MAX_BYTES)));
      }
      return Optional.of(LineReader.withoutByteOrderMark(new SourceRow(1, content.toArray())));
    }
  }

  @Override
  public long rowCount() {
    return rows;
  }
}
