package dev.anneal.core.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Optional;

/** The 16-bit float types, and their ways to and from fp32. */
public enum HalfType {
  /** 8 exponent bits: the upper half of an fp32. */
  BF16(15) {
    @Override
    public float toFloat(short bits) {
      return Float.intBitsToFloat(bits << 16);
    }

    @Override
    short ofFloat(float value) {
      int bits = Float.floatToRawIntBits(value);
      if (Float.isNaN(value)) {
        return (short) (bits >>> 16 | 0x40);
      }
      return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }
  },
  /** IEEE half precision: 5 exponent bits. */
  FP16(5) {
    @Override
    public float toFloat(short bits) {
      int sign = (bits & 0x8000) << 16;
      int exponent = bits >>> 10 & 0x1f;
      int mantissa = bits & 0x3ff;
      if (exponent == 0x1f) {
        return Float.intBitsToFloat(sign | 0x7f800000 | mantissa << 13);
      }
      if (exponent == 0) {
        float magnitude = mantissa * 0x1.0p-24f;
        return sign == 0 ? magnitude : -magnitude;
      }
      return Float.intBitsToFloat(sign | exponent + 112 << 23 | mantissa << 13);
    }

    @Override
    short ofFloat(float value) {
      int bits = Float.floatToRawIntBits(value);
      int sign = bits >>> 16 & 0x8000;
      int magnitude = bits & 0x7fffffff;
      if (magnitude > 0x7f800000) {
        return (short) (sign | 0x7e00 | magnitude >>> 13 & 0x3ff);
      }
      if (Math.abs(value) >= MAX_FP16 + 16) {
        return (short) (sign | 0x7c00);
      }
      if (Math.abs(value) < 0x1.0p-14f) {
        // steps of 2^-24; 2^10 of them are the smallest number with an exponent of its own
        return (short) (sign | (int) Math.rint(Math.abs(value) * 0x1.0p24));
      }
      int rebased = magnitude - (112 << 23);
      return (short) (sign | rebased + 0xfff + (rebased >>> 13 & 1) >>> 13);
    }
  };

  /** The largest number of {@link #FP16}; from half a step above it on rounding gives infinity. */
  private static final float MAX_FP16 = 65504;

  private static final int BLOCK = 1 << 16;

  private final int scalarType;

  HalfType(int scalarType) {
    this.scalarType = scalarType;
  }

  /** libtorch's number of the type, as programs write it. */
  public int scalarType() {
    return scalarType;
  }

  /** The value that 16 bits stand for. */
  public abstract float toFloat(short bits);

  abstract short ofFloat(float value);

  /** Widens little-endian values into a host region of as many floats. */
  public void widen(ByteBuffer source, FloatRegion target) {
    ShortBuffer shorts = source.duplicate().order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
    short[] in = new short[BLOCK];
    float[] out = new float[BLOCK];
    for (long done = 0; done < target.length(); done += BLOCK) {
      int count = (int) Math.min(BLOCK, target.length() - done);
      shorts.get(in, 0, count);
      for (int i = 0; i < count; i++) {
        out[i] = toFloat(in[i]);
      }
      floats(target.slice(done, count)).put(out, 0, count);
    }
  }

  /** Rounds fp32 values once, to nearest even; gives them little-endian. */
  public ByteBuffer narrow(FloatRegion source) {
    int bytes = Math.toIntExact(source.length() * Short.BYTES);
    ByteBuffer target = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    float[] block = new float[BLOCK];
    for (long done = 0; done < source.length(); done += BLOCK) {
      int count = (int) Math.min(BLOCK, source.length() - done);
      floats(source.slice(done, count)).get(block, 0, count);
      for (int i = 0; i < count; i++) {
        target.putShort(ofFloat(block[i]));
      }
    }
    return target.flip();
  }

  /** The first finite value that this type holds as an infinity only, if there is one. */
  public Optional<Float> beyond(FloatRegion values) {
    float[] block = new float[BLOCK];
    for (long done = 0; done < values.length(); done += BLOCK) {
      int count = (int) Math.min(BLOCK, values.length() - done);
      floats(values.slice(done, count)).get(block, 0, count);
      for (int i = 0; i < count; i++) {
        if (Float.isFinite(block[i]) && Float.isInfinite(toFloat(ofFloat(block[i])))) {
          return Optional.of(block[i]);
        }
      }
    }
    return Optional.empty();
  }

  private static FloatBuffer floats(FloatRegion region) {
    return HostMemory.bytes(region).asFloatBuffer();
  }
}
