package dev.anneal.core.collective;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import dev.anneal.core.tensor.FloatRegion;
import java.lang.ref.Reference;
import java.util.function.Consumer;

/**
 * Host memory outside the heap for tests of collectives. It is freed with the object, so whoever
 * takes {@link #region} must hold on to the object until the region is out of use.
 */
public final class NativeFloats {
  private final Memory memory;
  private final int length;

  public NativeFloats(int length) {
    this.memory = new Memory(Math.max(1, length) * (long) Float.BYTES);
    this.length = length;
  }

  public static NativeFloats of(float... values) {
    NativeFloats floats = new NativeFloats(values.length);
    floats.memory.write(0, values, 0, values.length);
    return floats;
  }

  /** Gives the region to an operation; the memory stays until that is over. */
  public void use(Consumer<FloatRegion> operation) {
    try {
      operation.accept(region());
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  public FloatRegion region() {
    return new FloatRegion(Pointer.nativeValue(memory), length);
  }

  public float[] values() {
    return memory.getFloatArray(0, length);
  }
}
