package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.Chunks;
import dev.anneal.core.tensor.FloatRegion;
import java.util.ArrayList;
import java.util.List;

/**
 * What one rank sends to the next rank and receives from the previous one, as two byte streams over
 * parts of its region. Immutable.
 *
 * <p>In round k of an all-reduce rank r sends chunk r−1−k and receives chunk r−2−k (modulo the
 * world size W). The first W−1 rounds add what arrives, so that chunk r ends complete at rank r,
 * summed over ranks r+1, r+2, ..., r; the last W−1 rounds pass the sums on. What is received in a
 * round is sent in the next: a byte may leave as soon as {@code head} bytes earlier in the stream
 * have arrived and been added.
 *
 * @param sent parts to send, in order
 * @param added parts that arrive first and are added
 * @param copied parts that arrive after them and replace
 * @param head bytes that may be sent before anything arrives
 */
record RingPlan(
    List<FloatRegion> sent, List<FloatRegion> added, List<FloatRegion> copied, long head) {
  RingPlan {
    sent = List.copyOf(sent);
    added = List.copyOf(added);
    copied = List.copyOf(copied);
  }

  static RingPlan allReduce(FloatRegion region, int rank, int worldSize) {
    Chunks chunks = new Chunks(region.length(), worldSize);
    int rounds = worldSize - 1;
    return new RingPlan(
        parts(region, chunks, rank - 1, 2 * rounds),
        parts(region, chunks, rank - 2, rounds),
        parts(region, chunks, rank - 1, rounds),
        headOf(chunks, rank - 1));
  }

  static RingPlan reduceScatter(FloatRegion region, int rank, int worldSize) {
    Chunks chunks = Chunks.equal(region.length(), worldSize);
    int rounds = worldSize - 1;
    return new RingPlan(
        parts(region, chunks, rank - 1, rounds),
        parts(region, chunks, rank - 2, rounds),
        List.of(),
        headOf(chunks, rank - 1));
  }

  static RingPlan allGather(FloatRegion region, int rank, int worldSize) {
    Chunks chunks = Chunks.equal(region.length(), worldSize);
    int rounds = worldSize - 1;
    return new RingPlan(
        parts(region, chunks, rank, rounds),
        List.of(),
        parts(region, chunks, rank - 1, rounds),
        headOf(chunks, rank));
  }

  static RingPlan broadcast(FloatRegion region, int rank, int root, int worldSize) {
    boolean first = rank == root;
    boolean last = (rank + 1) % worldSize == root;
    return new RingPlan(
        last ? List.of() : List.of(region),
        List.of(),
        first ? List.of() : List.of(region),
        first ? region.length() * Float.BYTES : 0);
  }

  /** Whether this rank has a message for the next one, if only a header. */
  boolean sends() {
    return !sent.isEmpty();
  }

  boolean receives() {
    return !added.isEmpty() || !copied.isEmpty();
  }

  private static List<FloatRegion> parts(
      FloatRegion region, Chunks chunks, int firstChunk, int count) {
    List<FloatRegion> parts = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int chunk = Math.floorMod(firstChunk - i, chunks.worldSize());
      parts.add(region.slice(chunks.start(chunk), chunks.size(chunk)));
    }
    return parts;
  }

  private static long headOf(Chunks chunks, int chunk) {
    return chunks.size(Math.floorMod(chunk, chunks.worldSize())) * Float.BYTES;
  }
}
