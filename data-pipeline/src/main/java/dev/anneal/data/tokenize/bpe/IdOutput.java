package dev.anneal.data.tokenize.bpe;

import dev.anneal.data.tokenize.IdSink;
import java.io.IOException;

/** Collects ids and hands them to a sink a piece at a time. Confined to one thread. */
public final class IdOutput {
  private static final int PIECE = 1 << 13;

  private final int[] ids = new int[PIECE];
  private int count;
  private IdSink sink = (piece, size) -> {};

  public void open(IdSink to) {
    sink = to;
    count = 0;
  }

  public void add(int id) throws IOException {
    if (count == PIECE) {
      flush();
    }
    ids[count++] = id;
  }

  /** Adds the ids of a cached word. */
  public void add(WordCache cache, int found) throws IOException {
    if (count + WordCache.MAX_IDS > PIECE) {
      flush();
    }
    cache.copy(found, ids, count);
    count += cache.count(found);
  }

  /** Adds the first ids of an array, as many as there are. */
  public void add(int[] from, int size) throws IOException {
    int at = 0;
    while (at < size) {
      if (count == PIECE) {
        flush();
      }
      int part = Math.min(size - at, PIECE - count);
      System.arraycopy(from, at, ids, count, part);
      at += part;
      count += part;
    }
  }

  public void flush() throws IOException {
    if (count > 0) {
      int size = count;
      count = 0;
      sink.accept(ids, size);
    }
  }
}
