package dev.anneal.data.read;

import dev.anneal.core.format.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * The rows of a {@code .json} file: the elements of one array, or objects one after another, each
 * on one line or over several. A row is the bytes as they stand in the file, so that what is wrong
 * in it makes a bad row and not a lost file; only an array whose brackets do not fit, which does
 * not end, or which is followed by more is a {@link FormatException}. Elements are numbered,
 * objects go by the line they begin on. A row is a view of the reader's buffer where it fits.
 * Confined to one thread; the stream belongs to the caller.
 */
public final class JsonFileRows implements RowReader {
  private static final int BUFFER_BYTES = 1 << 18;
  private static final int MARK_BYTES = 3;

  private final InputStream in;
  private final long maxRowBytes;
  private final JsonNesting nesting = new JsonNesting();
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int next; // the row, or what lies before it
  private int at; // where reading goes on
  private int filled;
  private boolean begun;
  private boolean array;
  private boolean closed;
  private long lines;
  private boolean openLine;
  private long number;

  public JsonFileRows(InputStream in) {
    this(in, LongContent.MAX_BYTES);
  }

  /** With a smaller limit, for tests. */
  JsonFileRows(InputStream in, long maxRowBytes) {
    this.in = in;
    this.maxRowBytes = maxRowBytes;
  }

  @Override
  public Optional<SourceRow> next() throws IOException {
    if (!begun) {
      begin();
    }
    skipSpace();
    if (array) {
      return closed ? nothingMore() : Optional.of(row(number + 1));
    }
    if (at == filled) {
      return Optional.empty();
    }
    return Optional.of(row(Math.max(lines + 1, number + 1)));
  }

  /** Elements of an array; else lines. */
  @Override
  public long rowCount() {
    return array ? number : Math.max(number, openLine ? lines + 1 : lines);
  }

  private void begin() throws IOException {
    begun = true;
    filled = in.readNBytes(buffer, 0, MARK_BYTES);
    SourceRow unmarked = LineReader.withoutByteOrderMark(new SourceRow(1, buffer, 0, filled, ""));
    at = unmarked.start();
    skipSpace();
    array = at < filled && buffer[at] == '[';
    if (array) {
      at++;
      skipSpace();
      closed = at < filled && buffer[at] == ']';
      at += closed ? 1 : 0;
    }
  }

  private Optional<SourceRow> nothingMore() throws FormatException {
    if (at < filled) {
      throw new FormatException(
          "more follows the end of the JSON array, after its row "
              + number
              + " (a file holds one array, or one object a line)");
    }
    return Optional.empty();
  }

  private void skipSpace() throws IOException {
    next = at;
    while (at < filled || refill(Optional.empty())) {
      if (!isSpace(buffer[at])) {
        return;
      }
      pass();
      next = at;
    }
  }

  private static boolean isSpace(byte value) {
    return value == ' ' || value == '\t' || value == '\r' || value == '\n';
  }

  private void pass() {
    byte value = buffer[at++];
    openLine = value != '\n';
    lines += openLine ? 0 : 1;
  }

  private SourceRow row(long itsNumber) throws IOException {
    nesting.reset();
    try (LongContent content = new LongContent(maxRowBytes)) {
      int after = array ? passElement(content) : passObject(content);
      number = itsNumber;
      SourceRow row = taken(content);
      at += after;
      return row;
    }
  }

  private SourceRow taken(LongContent content) throws IOException {
    if (content.length() == 0) {
      return at == next
          ? SourceRow.unreadable(number, "bad JSON: row is empty (must be an object)")
          : new SourceRow(number, buffer, next, at, "");
    }
    content.append(buffer, next, at);
    return content.fits()
        ? new SourceRow(number, content.toArray())
        : SourceRow.unreadable(
            number, "row of " + content.length() + " bytes (must be at most " + maxRowBytes + ")");
  }

  /** Passes an element and leaves what ends it, whose bytes it gives. */
  private int passElement(LongContent content) throws IOException {
    while (at < filled || refill(Optional.of(content))) {
      byte value = buffer[at];
      if (nesting.isOutside() && (value == ',' || value == ']')) {
        closed = value == ']';
        return 1;
      }
      nesting.pass(value);
      if (nesting.isUnsound()) {
        throw new FormatException("bad JSON after row " + number + ": brackets do not fit");
      }
      pass();
    }
    throw new FormatException("bad JSON after row " + number + ": the array does not end");
  }

  /**
   * Passes an object with the rest of its last line, up to the next object. One that is broken ends
   * where a line ends inside a string, or before a line that begins an object where none can be, so
   * that it does not take the rows behind it along.
   */
  private int passObject(LongContent content) throws IOException {
    boolean whole = false;
    boolean restOfLine = buffer[at] != '{';
    boolean lineBegins = false;
    while (at < filled || refill(Optional.of(content))) {
      byte value = buffer[at];
      boolean open = !whole && !restOfLine;
      if (value == '\n' && (!open || nesting.inString())) {
        return 0;
      }
      if (value == '{' && (whole || (open && lineBegins && isLost()))) {
        return 0;
      }
      if (open) {
        nesting.pass(value);
        restOfLine = nesting.isUnsound();
        whole = !restOfLine && nesting.isOutside();
      } else if (whole && !isSpace(value)) {
        whole = false;
        restOfLine = true;
      }
      lineBegins = value == '\n' || (lineBegins && isSpace(value));
      pass();
    }
    return 0;
  }

  private boolean isLost() {
    return !nesting.inString() && !nesting.mayBegin();
  }

  /** Reads on behind what is not yet passed; false at the end. */
  private boolean refill(Optional<LongContent> row) throws IOException {
    if (row.isPresent() && next == 0 && filled == buffer.length) {
      row.get().append(buffer, 0, filled);
      next = filled;
    }
    System.arraycopy(buffer, next, buffer, 0, filled - next);
    at -= next;
    filled -= next;
    next = 0;
    int read = in.read(buffer, filled, buffer.length - filled);
    while (read == 0) {
      read = in.read(buffer, filled, buffer.length - filled);
    }
    filled += Math.max(0, read);
    return read > 0;
  }
}
