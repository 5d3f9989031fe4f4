package dev.anneal.core.tensor;

import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Bounds the free blocks that the C library holds. Tensors of many sizes that come and go leave
 * holes between those that stay; how many depends on the method and on the library's version. Once
 * the process has grown by more than the allowance beyond what was in use when this last looked,
 * what is free goes back to the system. Any thread.
 */
public final class FreeMemoryBound {
  /** Below that, looking costs more than the holes. */
  private static final long SMALLEST = 32L << 20;

  private final LongSupplier resident;
  private final BooleanSupplier giveBack;
  private long allowance;
  private long inUse;

  /** Of this process; without effect where the system does not count its memory. */
  public FreeMemoryBound() {
    this(FreeMemory::anonymousBytes, FreeMemory::giveBack);
  }

  FreeMemoryBound(LongSupplier resident, BooleanSupplier giveBack) {
    this.resident = resident;
    this.giveBack = giveBack;
  }

  /** Allows so many bytes of free blocks, or more where more were allowed before. */
  public synchronized void allow(long bytes) {
    allowance = Math.max(allowance, bytes);
  }

  /** Looks, and gives back where there are more: takes a tenth of a millisecond, or some 10. */
  public synchronized void keep() {
    if (allowance >= SMALLEST && resident.getAsLong() > inUse + allowance) {
      giveBack.getAsBoolean();
      inUse = Math.max(inUse, resident.getAsLong());
    }
  }
}
