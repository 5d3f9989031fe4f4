package dev.anneal.data.tokenize;

import java.io.IOException;

/** Receives token ids in order, a piece at a time. */
@FunctionalInterface
public interface IdSink {
  /**
   * Takes the first {@code count} ids of the array, which is the caller's and is reused after.
   *
   * @throws IOException when the ids cannot be stored
   */
  void accept(int[] ids, int count) throws IOException;
}
