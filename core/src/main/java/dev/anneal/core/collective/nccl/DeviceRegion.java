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

  /** One of the equal chunks that the region divides into. */
  DeviceRegion chunk(int chunk, int chunks) {
    long each = length / chunks;
    return new DeviceRegion(address + type.bytes() * each * chunk, each, type);
  }

  Pointer pointer() {
    return new Pointer(address);
  }
}
