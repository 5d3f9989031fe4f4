package dev.anneal.core.collective;

import java.nio.FloatBuffer;

/**
 * Adds runs of floats block by block through arrays, which the compiler turns into vector
 * instructions. One thread at a time.
 */
public final class FloatAdder {
  private static final int BLOCK = 4096;

  private final float[] left = new float[BLOCK];
  private final float[] right = new float[BLOCK];

  /** {@code target[i] += addend[i]} for what remains of both; positions move to their limits. */
  public void add(FloatBuffer target, FloatBuffer addend) {
    if (target.remaining() != addend.remaining()) {
      throw new IllegalArgumentException(
          "Expected " + target.remaining() + " floats but was " + addend.remaining());
    }
    while (target.hasRemaining()) {
      int count = Math.min(BLOCK, target.remaining());
      int start = target.position();
      target.get(left, 0, count);
      addend.get(right, 0, count);
      addArrays(left, right, count);
      target.put(start, left, 0, count);
    }
  }

  private static void addArrays(float[] target, float[] addend, int count) {
    for (int i = 0; i < count; i++) {
      target[i] += addend[i];
    }
  }
}
