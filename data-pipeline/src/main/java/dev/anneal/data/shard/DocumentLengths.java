package dev.anneal.data.shard;

import java.util.Arrays;

/** How many tokens each document of a shard has, 4 bytes a document. Confined to one thread. */
public final class DocumentLengths {
  private int[] lengths = new int[1024];
  private int count;
  private long open;
  private long tokens;

  /** Adds tokens to the open document. */
  public void add(int more) {
    open += more;
    tokens += more;
  }

  /** Ends the open document. */
  public void end() {
    if (open <= 0 || open > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "Invalid document: " + open + " tokens (must be in [1, 2147483647])");
    }
    if (count == lengths.length) {
      lengths = Arrays.copyOf(lengths, count + (count >> 1));
    }
    lengths[count++] = (int) open;
    open = 0;
  }

  /** Refuses to go on while a document is open. */
  public void requireEnded() {
    if (open > 0) {
      throw new IllegalStateException("Invalid document: " + open + " tokens without an end");
    }
  }

  /** Documents that ended. */
  public int count() {
    return count;
  }

  /** Tokens of all documents, the open one included. */
  public long tokens() {
    return tokens;
  }

  /** Tokens of the open document so far. */
  public long open() {
    return open;
  }

  public int length(int document) {
    return lengths[document];
  }
}
