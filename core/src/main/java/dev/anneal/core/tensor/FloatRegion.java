package dev.anneal.core.tensor;

/**
 * A borrowed run of fp32 values in host or device memory, addressed by its raw pointer. The tensor
 * it points into owns the memory and must outlive the region.
 *
 * @param address first byte, as libtorch reports it
 * @param length number of floats
 */
public record FloatRegion(long address, long length) {
  public FloatRegion {
    if (length < 0) {
      throw new IllegalArgumentException("Invalid length: " + length + " (must be >= 0)");
    }
    if (address == 0 && length > 0) {
      throw new IllegalArgumentException("Invalid address: 0 for " + length + " floats");
    }
  }

  /** A part of this region; offsets and lengths in floats. */
  public FloatRegion slice(long offset, long count) {
    if (offset < 0 || count < 0 || offset + count > length) {
      throw new IndexOutOfBoundsException(
          "Invalid slice: [" + offset + ", " + (offset + count) + ") of " + length + " floats");
    }
    return new FloatRegion(address + Float.BYTES * offset, count);
  }
}
