package dev.anneal.core.collective;

/**
 * How a region is divided over the ranks: equal chunks of ⌈length ÷ world size⌉, the last ones
 * shorter or empty. Immutable.
 *
 * @param length number of values
 * @param worldSize number of chunks
 */
public record Chunks(long length, int worldSize) {
  public Chunks {
    if (length < 0 || worldSize < 1) {
      throw new IllegalArgumentException(
          "Invalid chunks: " + length + " values over " + worldSize + " ranks");
    }
  }

  /** The chunks of an operation that needs them all equal. */
  public static Chunks equal(long length, int worldSize) {
    if (length % worldSize != 0) {
      throw new IllegalArgumentException(
          "Invalid region length: "
              + length
              + " (must be a multiple of world size "
              + worldSize
              + ")");
    }
    return new Chunks(length, worldSize);
  }

  public long start(int chunk) {
    return Math.min(length, chunk * largest());
  }

  public long size(int chunk) {
    return Math.min(length, (chunk + 1) * largest()) - start(chunk);
  }

  private long largest() {
    return (length + worldSize - 1) / worldSize;
  }
}
