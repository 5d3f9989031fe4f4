package dev.anneal.data.tokenize;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A sink that keeps all ids. Confined to one thread. */
public final class IdList implements IdSink {
  private int[] ids;
  private int size;

  public IdList(int expected) {
    ids = new int[Math.max(expected, 16)];
  }

  /** All ids of a text, which holds no half of a surrogate pair. */
  public static int[] of(Utf8Encoder encoder, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    IdList ids = new IdList(utf8.length / 3);
    try {
      encoder.encode(utf8, 0, utf8.length, ids);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // none: this sink writes nowhere
    }
    return ids.toArray();
  }

  @Override
  public void accept(int[] piece, int count) {
    if (size + count > ids.length) {
      ids = Arrays.copyOf(ids, Math.max(size + count, ids.length + (ids.length >> 1)));
    }
    System.arraycopy(piece, 0, ids, size, count);
    size += count;
  }

  public int[] toArray() {
    return Arrays.copyOf(ids, size);
  }
}
