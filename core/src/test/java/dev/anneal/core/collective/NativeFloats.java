package dev.anneal.core.collective;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import dev.anneal.core.tensor.FloatRegion;

/** Host memory outside the heap for tests of collectives; freed with the object. */
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

  public FloatRegion region() {
    return new FloatRegion(Pointer.nativeValue(memory), length);
  }

  public float[] values() {
    return memory.getFloatArray(0, length);
  }
}
