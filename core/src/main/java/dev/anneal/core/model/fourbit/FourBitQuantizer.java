package dev.anneal.core.model.fourbit;

import dev.anneal.core.config.ConfigException;
import java.nio.ByteBuffer;

/**
 * Quantises one matrix to 4 bits, run after run in the order of its values, with the bits of
 * bitsandbytes' quantize_4bit on a CPU. Writes codes where the caller wants them and keeps the
 * blocks' absmax. One thread.
 *
 * <p>A full block's values are multiplied by 1 / absmax, those of a last, shorter one divided by
 * it; an odd value's missing neighbour counts as zero.
 */
public final class FourBitQuantizer {
  /** Stands for an absmax of zero. */
  private static final float LEAST = 1e-38f;

  private final String name;
  private final FourBitType type;
  private final long elements;
  private final ByteBuffer codes;
  private final float[] absmax;
  private final byte[] packed = new byte[FourBitFormat.BLOCK / 2];
  private final float[] shares = new float[FourBitFormat.BLOCK];
  private long done;

  /**
   * @param name of the weight, for errors
   * @param codes where the packed codes go, {@link FourBitFormat#padded} / 2 bytes
   */
  public FourBitQuantizer(String name, FourBitType type, long elements, ByteBuffer codes) {
    if (codes.remaining() != FourBitFormat.padded(elements) / 2) {
      throw new IllegalArgumentException(
          "Invalid room for codes: "
              + codes.remaining()
              + " bytes (expected "
              + FourBitFormat.padded(elements) / 2
              + ")");
    }
    this.name = name;
    this.type = type;
    this.elements = elements;
    this.codes = codes;
    this.absmax = new float[Math.toIntExact(FourBitFormat.blocks(elements))];
  }

  /** The next values; a multiple of a block, but for the last ones. */
  public void add(float[] values, int count) {
    if (done + count > elements || done % FourBitFormat.BLOCK != 0) {
      throw new IllegalStateException(
          "Invalid run: " + count + " values after " + done + " of " + elements);
    }
    for (int at = 0; at < count; at += FourBitFormat.BLOCK) {
      block(values, at, Math.min(FourBitFormat.BLOCK, count - at));
    }
  }

  private void block(float[] values, int at, int count) {
    float largest = 0;
    for (int i = at; i < at + count; i++) {
      largest = Math.max(largest, Math.abs(values[i]));
    }
    if (!Float.isFinite(largest)) {
      throw new ConfigException(
          "Invalid weight "
              + name
              + ": a value is "
              + largest
              + " (must be finite for model.frozen_storage = nf4 or fp4)");
    }
    float stored;
    if (count == FourBitFormat.BLOCK) {
      stored = largest;
      float inverse = 1 / Math.max(largest, LEAST);
      for (int i = 0; i < count; i++) {
        shares[i] = clamped(values[at + i] * inverse);
      }
    } else {
      stored = Math.max(largest, LEAST);
      for (int i = 0; i < count; i++) {
        shares[i] = clamped(values[at + i] / stored);
      }
      java.util.Arrays.fill(shares, count, FourBitFormat.BLOCK, 0);
    }
    absmax[Math.toIntExact(done / FourBitFormat.BLOCK)] = stored;
    for (int i = 0; i < packed.length; i++) {
      packed[i] = (byte) (type.code(shares[2 * i]) << 4 | type.code(shares[2 * i + 1]));
    }
    codes.put(packed);
    done += count;
  }

  private static float clamped(float share) {
    return Math.max(-1, Math.min(1, share));
  }

  /** One a block, once all values came; the array is the caller's. */
  public float[] absmax() {
    if (done != elements) {
      throw new IllegalStateException("Expected " + elements + " values but got " + done);
    }
    return absmax;
  }
}
