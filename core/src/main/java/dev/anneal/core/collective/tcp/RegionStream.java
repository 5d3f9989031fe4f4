package dev.anneal.core.collective.tcp;

import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HostMemory;
import java.nio.ByteBuffer;
import java.util.List;

/** A list of regions as one run of bytes with a position. One thread at a time. */
final class RegionStream {
  private final List<FloatRegion> regions;
  private final long size;
  private int index;
  private long offset;
  private long position;

  RegionStream(List<FloatRegion> regions) {
    this.regions = regions;
    this.size = regions.stream().mapToLong(FloatRegion::length).sum() * Float.BYTES;
    skipFinished();
  }

  boolean done() {
    return position == size;
  }

  /** Bytes passed so far. */
  long position() {
    return position;
  }

  long remaining() {
    return size - position;
  }

  /** Bytes from the position to the end of its region, at most that many. */
  int contiguous(int limit) {
    return (int) Math.min(limit, regions.get(index).length() * Float.BYTES - offset);
  }

  /** Memory from the position on: at most that many bytes, at most to the end of its region. */
  ByteBuffer window(int limit) {
    FloatRegion region = regions.get(index);
    int bytes = contiguous(limit);
    long firstFloat = offset / Float.BYTES;
    int skipped = (int) (offset % Float.BYTES);
    long floats = (skipped + (long) bytes + Float.BYTES - 1) / Float.BYTES;
    ByteBuffer window = HostMemory.bytes(region.slice(firstFloat, floats));
    return window.position(skipped).limit(skipped + bytes);
  }

  void advance(long bytes) {
    offset += bytes;
    position += bytes;
    skipFinished();
  }

  private void skipFinished() {
    while (index < regions.size() && offset == regions.get(index).length() * Float.BYTES) {
      index++;
      offset = 0;
    }
  }
}
