package dev.anneal.core.collective.nccl;

import com.sun.jna.Pointer;
import dev.anneal.core.tensor.FloatRegion;
import java.util.Objects;

/**
 * A borrowed run of values in a card's memory. The tensor it points into owns the memory and must
 * outlive every operation on the region.
 *
 * @param address first byte
 * @param length number of values
 */
public record DeviceRegion(long address, long length, NcclType type) {
  public DeviceRegion {
    Objects.requireNonNull(type, "type");
    if (length < 0) {
      throw new IllegalArgumentException("Invalid length: " + length + " (must be >= 0)");
    }
    if (address == 0 && length > 0) {
      throw new IllegalArgumentException("Invalid address: 0 for " + length + " values");
    }
  }

  static DeviceRegion of(FloatRegion region) {
    return new DeviceRegion(region.address(), region.length(), NcclType.FLOAT32);
  }

  /** A part of this region; offset and count in values. */
  DeviceRegion slice(long offset, long count) {
    if (offset < 0 || count < 0 || offset + count > length) {
      throw new IndexOutOfBoundsException(
          "Invalid slice: [" + offset + ", " + (offset + count) + ") of " + length + " values");
    }
    return new DeviceRegion(address + type.bytes() * offset, count, type);
  }

  /** One of the equal chunks that the region divides into. */
  DeviceRegion chunk(int chunk, int chunks) {
    long each = length / chunks;
    return slice(each * chunk, each);
  }

  Pointer pointer() {
    return new Pointer(address);
  }
}
