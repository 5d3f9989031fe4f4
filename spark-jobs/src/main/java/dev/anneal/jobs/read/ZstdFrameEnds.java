package dev.anneal.jobs.read;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Passes zstd data on and follows where its frames end (RFC 8878, section 3), because the decoder
 * does not notice when a frame behind the first one is cut off. Confined to one thread.
 */
final class ZstdFrameEnds extends FilterInputStream {
  private static final int SKIPPABLE = 0x184D2A50;
  private static final int RUN_LENGTH = 1;
  private static final int[] SIZE_BYTES = {0, 2, 4, 8};
  private static final int[] DICTIONARY_BYTES = {0, 1, 2, 4};

  private State state = State.MAGIC;
  private long wanted = 4; // bytes until the state's value is whole, or of what is passed over
  private long value;
  private int shift;
  private boolean checked;
  private boolean between = true;

  private enum State {
    MAGIC,
    SKIPPABLE_SIZE,
    SKIPPABLE_CONTENT,
    DESCRIPTOR,
    REST_OF_HEADER,
    BLOCK_HEADER,
    BLOCK,
    LAST_BLOCK,
    CHECK
  }

  ZstdFrameEnds(InputStream in) {
    super(in);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] bytes, int start, int length) throws IOException {
    int count = in.read(bytes, start, length);
    if (count < 0 && !between) {
      throw new EOFException("it ends inside a frame");
    }
    int at = start;
    int end = start + Math.max(0, count);
    while (at < end) {
      at += follow(bytes, at, end);
    }
    return count;
  }

  /** Follows some bytes, at least one, and says how many. */
  private int follow(byte[] bytes, int at, int end) {
    between = false;
    int count = 1;
    switch (state) {
      case SKIPPABLE_CONTENT, REST_OF_HEADER, BLOCK, LAST_BLOCK, CHECK ->
          count = (int) Math.min(wanted, end - at);
      case MAGIC, SKIPPABLE_SIZE, DESCRIPTOR, BLOCK_HEADER -> {
        value |= (bytes[at] & 0xFFL) << shift;
        shift += Byte.SIZE;
      }
    }
    wanted -= count;
    if (wanted == 0) {
      long whole = value;
      value = 0;
      shift = 0;
      ended(whole);
    }
    return count;
  }

  private void ended(long whole) {
    switch (state) {
      case MAGIC -> {
        boolean skippable = (whole & ~0xFL) == SKIPPABLE;
        expect(skippable ? State.SKIPPABLE_SIZE : State.DESCRIPTOR, skippable ? 4 : 1);
      }
      case SKIPPABLE_SIZE -> expect(State.SKIPPABLE_CONTENT, whole);
      case DESCRIPTOR -> header((int) whole);
      case REST_OF_HEADER, BLOCK -> expect(State.BLOCK_HEADER, 3);
      case BLOCK_HEADER -> {
        boolean last = (whole & 1) == 1;
        long length = (whole >> 1 & 3) == RUN_LENGTH ? 1 : whole >> 3;
        expect(last ? State.LAST_BLOCK : State.BLOCK, length);
      }
      case LAST_BLOCK -> expect(State.CHECK, checked ? 4 : 0);
      case SKIPPABLE_CONTENT, CHECK -> {
        between = true;
        expect(State.MAGIC, 4);
      }
    }
  }

  private void header(int descriptor) {
    boolean oneSegment = (descriptor & 0x20) != 0;
    checked = (descriptor & 4) != 0;
    int size = SIZE_BYTES[descriptor >> 6];
    int rest = DICTIONARY_BYTES[descriptor & 3] + (oneSegment ? Math.max(1, size) : 1 + size);
    expect(State.REST_OF_HEADER, rest);
  }

  private void expect(State next, long bytes) {
    state = next;
    wanted = bytes;
    if (bytes == 0) {
      ended(0);
    }
  }

  @Override
  public long skip(long count) throws IOException {
    throw new IOException("not a stream to skip in");
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}
