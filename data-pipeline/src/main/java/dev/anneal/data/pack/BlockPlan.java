package dev.anneal.data.pack;

/**
 * Continued pretraining's rows: one stream of tokens cut every {@code blockSize}, as if in one
 * piece. Pure arithmetic.
 *
 * @param tokens length of the stream
 * @param blockSize tokens of a row
 * @param tail what becomes of the last, short block
 */
public record BlockPlan(long tokens, int blockSize, Tail tail) {
  /** What becomes of the last, short block. */
  public enum Tail {
    KEEP,
    DROP
  }

  public BlockPlan {
    if (tokens < 0) {
      throw new IllegalArgumentException("Invalid tokens: " + tokens + " (must be >= 0)");
    }
    if (blockSize <= 0) {
      throw new IllegalArgumentException("Invalid block_size: " + blockSize + " (must be > 0)");
    }
  }

  public long rows() {
    return tokens / blockSize + (tailTokens() > 0 && tail == Tail.KEEP ? 1 : 0);
  }

  /** Tokens of the last block when it is short, kept or not; 0 when the stream ends even. */
  public int tailTokens() {
    return (int) (tokens % blockSize);
  }

  /** Tokens that no row holds. */
  public long droppedTokens() {
    return tail == Tail.DROP ? tailTokens() : 0;
  }

  /** Tokens of a row. */
  public int rowLength(long row) {
    if (row < 0 || row >= rows()) {
      throw new IndexOutOfBoundsException("Invalid row: " + row + " of " + rows());
    }
    return (int) Math.min(blockSize, tokens - row * blockSize);
  }
}
