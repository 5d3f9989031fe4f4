package dev.anneal.core.tensor;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Views of native host memory as NIO buffers, without a copy. */
public final class HostMemory {
  /** Most floats one NIO buffer can show. */
  public static final int MAX_FLOATS = Integer.MAX_VALUE / Float.BYTES;

  private HostMemory() {}

  /** A native-order byte view of a host region of at most {@link #MAX_FLOATS} floats. */
  public static ByteBuffer bytes(FloatRegion region) {
    if (region.length() > MAX_FLOATS) {
      throw new IllegalArgumentException(
          "Invalid region: "
              + region.length()
              + " floats (one buffer shows at most "
              + MAX_FLOATS
              + "; slice it)");
    }
    if (region.length() == 0) {
      return ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder());
    }
    return new Pointer(region.address())
        .getByteBuffer(0, region.length() * Float.BYTES)
        .order(ByteOrder.nativeOrder());
  }

  /**
   * A copy on the heap, for work on single elements: Java reaches arrays several times faster than
   * native memory.
   */
  public static float[] floats(FloatRegion region) {
    float[] values = new float[Math.toIntExact(region.length())];
    bytes(region).asFloatBuffer().get(values);
    return values;
  }

  /** Writes as many values as the region has, or fewer, from its first on. */
  public static void put(float[] values, FloatRegion region) {
    bytes(region).asFloatBuffer().put(values);
  }
}
