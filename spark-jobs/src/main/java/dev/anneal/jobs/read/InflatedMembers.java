package dev.anneal.jobs.read;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/**
 * Members of gzip (RFC 1952) or zlib (RFC 1950) data one after the other, each with its checks.
 * Zero bytes behind a member are padding, as Python's gzip reads them; anything else there is a
 * fault. Confined to one thread; owns the inflater's native memory.
 */
final class InflatedMembers extends InputStream {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int HEADER_CHECK = 2;
  private static final int EXTRA = 4;
  private static final int NAME = 8;
  private static final int COMMENT = 16;
  private static final int RESERVED = 0xE0;

  private final InputStream in;
  private final boolean gzip;
  private final Inflater inflater;
  private final CRC32 check = new CRC32();
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int next;
  private int filled;
  private boolean inside;
  private long members;

  private InflatedMembers(InputStream in, boolean gzip) {
    this.in = in;
    this.gzip = gzip;
    this.inflater = new Inflater(gzip);
  }

  static InflatedMembers gzip(InputStream in) {
    return new InflatedMembers(in, true);
  }

  static InflatedMembers zlib(InputStream in) {
    return new InflatedMembers(in, false);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] bytes, int start, int length) throws IOException {
    while (inside || beginMember()) {
      int count = inflate(bytes, start, length);
      if (inflater.finished()) {
        endMember();
      }
      if (count > 0) {
        return count;
      }
    }
    return -1;
  }

  private int inflate(byte[] bytes, int start, int length) throws IOException {
    try {
      int count = inflater.inflate(bytes, start, length);
      while (count == 0 && !inflater.finished()) {
        if (inflater.needsDictionary()) {
          throw new ZipException("it needs a preset dictionary");
        }
        next = filled; // all of it was given to the inflater
        requireMore();
        inflater.setInput(buffer, next, filled - next);
        count = inflater.inflate(bytes, start, length);
      }
      check.update(bytes, start, count);
      return count;
    } catch (DataFormatException e) {
      throw new ZipException(e.getMessage());
    }
  }

  /** False at the end of the file, behind whole members. */
  private boolean beginMember() throws IOException {
    int first = peek();
    while (members > 0 && first == 0) {
      next++;
      first = peek();
    }
    if (first < 0) {
      return false;
    }
    if (gzip) {
      header();
    } else if (members > 0 && (first & 0x0F) != 8) {
      throw new ZipException("other bytes follow the end of the compressed data");
    }
    inflater.reset();
    inflater.setInput(buffer, next, filled - next);
    check.reset();
    inside = true;
    return true;
  }

  private void header() throws IOException {
    check.reset();
    if (headerByte() != 0x1F || headerByte() != 0x8B) {
      throw new ZipException(
          members == 0 ? "no gzip header" : "other bytes follow the end of the compressed data");
    }
    int method = headerByte();
    int flags = headerByte();
    if (method != 8 || (flags & RESERVED) != 0) {
      throw new ZipException("unknown method " + method + " or flags " + flags);
    }
    for (int i = 0; i < 6; i++) { // time, level, system
      headerByte();
    }
    if ((flags & EXTRA) != 0) {
      int length = headerByte() | headerByte() << 8;
      for (int i = 0; i < length; i++) {
        headerByte();
      }
    }
    for (int text : new int[] {NAME, COMMENT}) {
      if ((flags & text) != 0) {
        while (headerByte() != 0) {
          continue;
        }
      }
    }
    if ((flags & HEADER_CHECK) != 0) {
      long expected = check.getValue() & 0xFFFF;
      if ((headerByte() | headerByte() << 8) != expected) {
        throw new ZipException("the check of a header does not fit");
      }
    }
  }

  private int headerByte() throws IOException {
    requireMore();
    int value = buffer[next++] & 0xFF;
    check.update(value);
    return value;
  }

  private void endMember() throws IOException {
    next = filled - inflater.getRemaining();
    inside = false;
    members++;
    if (gzip) {
      long crc = littleEndian();
      long size = littleEndian();
      if (crc != check.getValue() || size != (inflater.getBytesWritten() & 0xFFFF_FFFFL)) {
        throw new ZipException("the check of a member does not fit");
      }
    }
  }

  private long littleEndian() throws IOException {
    long value = 0;
    for (int shift = 0; shift < 32; shift += 8) {
      requireMore();
      value |= (buffer[next++] & 0xFFL) << shift;
    }
    return value;
  }

  private void requireMore() throws IOException {
    if (peek() < 0) {
      throw new EOFException("it ends inside a member");
    }
  }

  /** The next byte, left where it is; -1 at the end. */
  private int peek() throws IOException {
    while (next == filled) {
      next = 0;
      filled = Math.max(0, in.read(buffer, 0, buffer.length));
      if (filled == 0) {
        return -1;
      }
    }
    return buffer[next] & 0xFF;
  }

  @Override
  public void close() throws IOException {
    inflater.end();
    in.close();
  }
}
