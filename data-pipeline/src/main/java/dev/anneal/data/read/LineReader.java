package dev.anneal.data.read;

import dev.anneal.core.format.FormatException;
import dev.anneal.data.text.EightBytes;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * The lines that begin inside a byte range of a file: neighbouring ranges give every line exactly
 * once. Lines end with {@code \n} or {@code \r\n}; a byte order mark at the start of the file is
 * left out. A row is a view of the reader's buffer; a line that is longer than the buffer gets an
 * array of its own, and one that no array holds is a faulty row. Confined to one thread; the stream
 * belongs to the caller.
 */
public final class LineReader implements RowReader {
  private static final int BUFFER_BYTES = 1 << 18;
  private static final long NEWLINES = '\n' * EightBytes.ONES;

  private final InputStream in;
  private final long end;
  private final long maxLineBytes;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int next;
  private int filled;
  private long position;
  private long lines;

  LineReader(InputStream in, long start, long end, long maxLineBytes) {
    this.in = in;
    this.position = start;
    this.end = end;
    this.maxLineBytes = maxLineBytes;
  }

  /** All lines of a stream. */
  public static LineReader whole(InputStream in) {
    return new LineReader(in, 0, Long.MAX_VALUE, LongContent.MAX_BYTES);
  }

  /**
   * The lines that begin in [start, end).
   *
   * @param in positioned at {@code start}, or one byte before it when {@code start} is above 0
   */
  public static LineReader range(InputStream in, long start, long end) throws IOException {
    long first = start == 0 ? 0 : start - 1;
    LineReader reader = new LineReader(in, first, end, LongContent.MAX_BYTES);
    if (start > 0) {
      reader.skipLine(); // belongs to the range before, which reads on to its end
    }
    return reader;
  }

  @Override
  public Optional<SourceRow> next() throws IOException {
    if (position >= end || (next == filled && !refill())) {
      return Optional.empty();
    }
    boolean first = position == 0;
    lines++;
    SourceRow row = readLine();
    return Optional.of(first ? withoutByteOrderMark(row) : row);
  }

  @Override
  public long rowCount() {
    return lines;
  }

  private SourceRow readLine() throws IOException {
    int searched = next;
    while (true) {
      int newline = indexOfNewline(searched);
      if (newline >= 0) {
        return view(newline, newline + 1);
      }
      if (filled - next == buffer.length) {
        return readLongLine();
      }
      searched = filled - next; // where the search goes on once the line is at the buffer's start
      if (!refill()) {
        return view(filled, filled);
      }
    }
  }

  private SourceRow view(int lineEnd, int after) {
    int start = next;
    advance(after);
    return new SourceRow(lines, buffer, start, withoutReturn(buffer, start, lineEnd, after), "");
  }

  /** A carriage return belongs to the end of a line only before a newline. */
  private static int withoutReturn(byte[] line, int start, int end, int after) {
    return after > end && end > start && line[end - 1] == '\r' ? end - 1 : end;
  }

  private SourceRow readLongLine() throws IOException {
    try (LongContent content = new LongContent(maxLineBytes)) {
      boolean ended = false;
      while (!ended && (next < filled || refill())) {
        int newline = indexOfNewline(next);
        ended = newline >= 0;
        int until = ended ? newline : filled;
        content.append(buffer, next, until);
        advance(ended ? until + 1 : until);
      }
      if (!content.fits()) {
        return SourceRow.unreadable(
            lines, "line of " + content.length() + " bytes (must be at most " + maxLineBytes + ")");
      }
      byte[] line = content.toArray();
      int length = withoutReturn(line, 0, line.length, ended ? line.length + 1 : line.length);
      return new SourceRow(lines, line, 0, length, "");
    }
  }

  private void skipLine() throws IOException {
    while (next < filled || refill()) {
      int newline = indexOfNewline(next);
      advance(newline < 0 ? filled : newline + 1);
      if (newline >= 0) {
        return;
      }
    }
  }

  /** Eight bytes at a time: a newline gives a zero byte, which the subtraction turns high. */
  private int indexOfNewline(int from) {
    int i = from;
    for (; i + Long.BYTES <= filled; i += Long.BYTES) {
      long found = EightBytes.zeroBytes(EightBytes.at(buffer, i) ^ NEWLINES);
      if (found != 0) {
        return i + Long.numberOfTrailingZeros(found) / Byte.SIZE;
      }
    }
    for (; i < filled; i++) {
      if (buffer[i] == '\n') {
        return i;
      }
    }
    return -1;
  }

  private void advance(int to) {
    position += to - next;
    next = to;
  }

  /** Moves what is left to the buffer's start and reads behind it; false at the end. */
  private boolean refill() throws IOException {
    if (next > 0) {
      System.arraycopy(buffer, next, buffer, 0, filled - next);
      filled -= next;
      next = 0;
    }
    int read = in.read(buffer, filled, buffer.length - filled);
    while (read == 0) {
      read = in.read(buffer, filled, buffer.length - filled);
    }
    filled += Math.max(0, read);
    return read > 0;
  }

  /** The first row of a file, or a file that is one row, without a leading byte order mark. */
  static SourceRow withoutByteOrderMark(SourceRow row) throws IOException {
    byte[] bytes = row.bytes();
    int start = row.start();
    int first = row.length() < 2 ? 0 : (bytes[start] & 0xFF) << 8 | bytes[start + 1] & 0xFF;
    if (first == 0xFFFE || first == 0xFEFF) {
      throw new FormatException("the file is UTF-16 or UTF-32 (must be UTF-8)");
    }
    boolean starts = first == 0xEFBB && row.length() > 2 && bytes[start + 2] == (byte) 0xBF;
    return starts ? new SourceRow(row.number(), bytes, start + 3, row.end(), row.fault()) : row;
  }
}
