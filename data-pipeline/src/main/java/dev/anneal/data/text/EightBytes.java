package dev.anneal.data.text;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Eight bytes of an array at a time, as a long with the first byte lowest. Stateless. */
public final class EightBytes {
  /** A byte in each place: {@code 'x' * ONES} is eight times x. */
  public static final long ONES = 0x0101010101010101L;

  /** The high bit of each byte. */
  public static final long HIGH_BITS = 0x8080808080808080L;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private EightBytes() {}

  /** The eight bytes from a place on; the array must hold them. */
  public static long at(byte[] bytes, int at) {
    return (long) LONGS.get(bytes, at);
  }

  /** The high bit of the first byte that is zero, and of no byte before it; 0 when none is zero. */
  public static long zeroBytes(long bytes) {
    return bytes - ONES & ~bytes & HIGH_BITS;
  }

  /** The high bit of each byte that is not ASCII. */
  public static long notAscii(long bytes) {
    return bytes & HIGH_BITS;
  }
}
