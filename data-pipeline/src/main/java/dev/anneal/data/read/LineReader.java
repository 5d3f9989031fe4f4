package dev.anneal.data.read;

import dev.anneal.core.format.FormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Optional;

/**
 * The lines that begin inside a byte range of a file: neighbouring ranges give every line exactly
 * once. Lines end with {@code \n} or {@code \r\n}; a byte order mark at the start of the file is
 * left out. Confined to one thread; the stream belongs to the caller.
 */
public final class LineReader implements RowReader {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int MAX_LINE_BYTES = 1 << 30;

  private final InputStream in;
  private final long end;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int next;
  private int filled;
  private long position;
  private long lines;

  private LineReader(InputStream in, long start, long end) {
    this.in = in;
    this.position = start;
    this.end = end;
  }

  /** All lines of a stream. */
  public static LineReader whole(InputStream in) {
    return new LineReader(in, 0, Long.MAX_VALUE);
  }

  /**
   * The lines that begin in [start, end).
   *
   * @param in positioned at {@code start}, or one byte before it when {@code start} is above 0
   */
  public static LineReader range(InputStream in, long start, long end) throws IOException {
    LineReader reader = new LineReader(in, start == 0 ? 0 : start - 1, end);
    if (start > 0) {
      reader.skipLine(); // belongs to the range before, which reads on to its end
    }
    return reader;
  }

  @Override
  public Optional<SourceRow> next() throws IOException {
    if (position >= end || !fill()) {
      return Optional.empty();
    }
    boolean first = position == 0;
    byte[] line = readLine();
    lines++;
    return Optional.of(new SourceRow(lines, first ? withoutByteOrderMark(line) : line));
  }

  @Override
  public long rowCount() {
    return lines;
  }

  private byte[] readLine() throws IOException {
    ByteArrayOutputStream line = null;
    while (true) {
      int newline = indexOfNewline();
      int until = newline < 0 ? filled : newline;
      if (newline >= 0 && line == null) {
        byte[] whole = Arrays.copyOfRange(buffer, next, until);
        advance(until + 1);
        return withoutCarriageReturn(whole);
      }
      line = line == null ? new ByteArrayOutputStream(2 * BUFFER_BYTES) : line;
      if ((long) line.size() + until - next > MAX_LINE_BYTES) {
        throw new FormatException("line " + (lines + 1) + " is longer than 1 GiB");
      }
      line.write(buffer, next, until - next);
      advance(newline < 0 ? until : until + 1);
      if (newline >= 0) {
        return withoutCarriageReturn(line.toByteArray());
      }
      if (!fill()) {
        return line.toByteArray();
      }
    }
  }

  private void skipLine() throws IOException {
    while (fill()) {
      int newline = indexOfNewline();
      advance(newline < 0 ? filled : newline + 1);
      if (newline >= 0) {
        return;
      }
    }
  }

  private int indexOfNewline() {
    for (int i = next; i < filled; i++) {
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

  /** Whether there is a byte left. */
  private boolean fill() throws IOException {
    while (next == filled) {
      int read = in.read(buffer, 0, buffer.length);
      if (read < 0) {
        return false;
      }
      next = 0;
      filled = read;
    }
    return true;
  }

  private static byte[] withoutCarriageReturn(byte[] line) {
    boolean ends = line.length > 0 && line[line.length - 1] == '\r';
    return ends ? Arrays.copyOf(line, line.length - 1) : line;
  }

  /** The bytes of a file or its first line without a leading byte order mark. */
  public static byte[] withoutByteOrderMark(byte[] line) {
    boolean starts =
        line.length >= 3
            && line[0] == (byte) 0xEF
            && line[1] == (byte) 0xBB
            && line[2] == (byte) 0xBF;
    return starts ? Arrays.copyOfRange(line, 3, line.length) : line;
  }
}
