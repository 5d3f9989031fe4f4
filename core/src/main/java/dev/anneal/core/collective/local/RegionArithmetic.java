package dev.anneal.core.collective.local;

import dev.anneal.core.collective.Chunks;
import dev.anneal.core.collective.FloatAdder;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HostMemory;
import java.nio.FloatBuffer;

/**
 * The data part of the local operations, over the regions of all ranks. A sum of chunk c is taken
 * in the ring's order: ranks c+1, c+2, ..., c. One thread at a time.
 */
final class RegionArithmetic {
  private static final int BLOCK = 1 << 20;

  private final FloatAdder adder = new FloatAdder();
  private final FloatBuffer sums = FloatBuffer.allocate(1 << 14);

  /** Leaves the sum of the rank's chunk in its own region. */
  void sumChunk(Offer[] offers, Chunks chunks, int rank) {
    int worldSize = offers.length;
    if (worldSize == 1) {
      return;
    }
    long start = chunks.start(rank);
    long size = chunks.size(rank);
    for (long done = 0; done < size; done += sums.capacity()) {
      long count = Math.min(sums.capacity(), size - done);
      sums.clear().limit((int) count);
      sums.put(floats(offers[(rank + 1) % worldSize].region(), start + done, count)).flip();
      for (int i = 2; i <= worldSize; i++) {
        adder.add(sums, floats(offers[(rank + i) % worldSize].region(), start + done, count));
        sums.rewind();
      }
      floats(offers[rank].region(), start + done, count).put(sums);
    }
  }

  /** Copies every other rank's chunk into the rank's region. */
  void gatherChunks(Offer[] offers, Chunks chunks, int rank) {
    for (int chunk = 0; chunk < offers.length; chunk++) {
      if (chunk != rank) {
        copy(
            offers[chunk].region().slice(chunks.start(chunk), chunks.size(chunk)),
            offers[rank].region().slice(chunks.start(chunk), chunks.size(chunk)));
      }
    }
  }

  void copy(FloatRegion from, FloatRegion to) {
    for (long done = 0; done < from.length(); done += BLOCK) {
      long count = Math.min(BLOCK, from.length() - done);
      floats(to, done, count).put(floats(from, done, count));
    }
  }

  private static FloatBuffer floats(FloatRegion region, long offset, long count) {
    return HostMemory.bytes(region.slice(offset, count)).asFloatBuffer();
  }
}
