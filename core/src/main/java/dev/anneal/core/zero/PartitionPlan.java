package dev.anneal.core.zero;

import dev.anneal.core.model.weights.ParameterSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Who owns what of the flat buffers. Parameters lie one after another in buckets; a bucket is
 * padded so that it splits into {@code worldSize} equal chunks, and chunk r of every bucket belongs
 * to rank r. A rank's shard is its chunks, one after another. Pure arithmetic, immutable.
 */
public final class PartitionPlan {
  /** Chunks begin at multiples of this many floats: one cache line. */
  private static final long ALIGNMENT = 16;

  private final int worldSize;
  private final List<ParameterSpec> parameters;
  private final List<Bucket> buckets = new ArrayList<>();
  private final Map<String, Long> offsets = new HashMap<>();
  private final Map<String, Integer> bucketOf = new HashMap<>();
  private final long length;

  /**
   * A run of the flat buffer that travels as one collective.
   *
   * @param offset first element in the flat buffer
   * @param length elements, a multiple of the world size
   */
  public record Bucket(long offset, long length) {}

  /**
   * A bucket in the order of sums.
   *
   * @param bucket its place in {@link #buckets}
   * @param lastPart the part of the backward after which it is final
   */
  public record Turn(int bucket, int lastPart) {}

  /**
   * A part of a parameter inside a rank's shard.
   *
   * @param parameter its name
   * @param parameterOffset first element within the parameter, row-major
   * @param length elements
   * @param shardOffset first element within the rank's shard
   * @param flatOffset first element within the flat buffer
   * @param decay whether weight decay applies
   * @param rateScale how many times the learning rate it takes
   */
  public record Slice(
      String parameter,
      long parameterOffset,
      long length,
      long shardOffset,
      long flatOffset,
      boolean decay,
      double rateScale) {}

  /**
   * @param bucketElements a bucket closes when it holds at least this many; a parameter is never
   *     cut by a bucket's end
   */
  public PartitionPlan(List<ParameterSpec> parameters, int worldSize, long bucketElements) {
    if (worldSize <= 0) {
      throw new IllegalArgumentException(
          "Invalid distributed.world_size: " + worldSize + " (must be > 0)");
    }
    if (bucketElements <= 0) {
      throw new IllegalArgumentException(
          "Invalid bucket: " + bucketElements + " elements (must be > 0)");
    }
    this.worldSize = worldSize;
    this.parameters = List.copyOf(parameters);
    long start = 0;
    long at = 0;
    for (ParameterSpec parameter : this.parameters) {
      if (offsets.put(parameter.name(), at) != null) {
        throw new IllegalArgumentException("Invalid parameters: " + parameter.name() + " twice");
      }
      bucketOf.put(parameter.name(), buckets.size());
      at += parameter.elementCount();
      if (at - start >= bucketElements) {
        at = close(start, at);
        start = at;
      }
    }
    length = at > start ? close(start, at) : at;
  }

  private long close(long start, long end) {
    long unit = ALIGNMENT * worldSize;
    long padded = (end - start + unit - 1) / unit * unit;
    buckets.add(new Bucket(start, padded));
    return start + padded;
  }

  public int worldSize() {
    return worldSize;
  }

  /** Elements of a flat buffer, padding included. */
  public long length() {
    return length;
  }

  /** Elements of a rank's shard, padding included; the same on every rank. */
  public long shardLength() {
    return length / worldSize;
  }

  public List<Bucket> buckets() {
    return List.copyOf(buckets);
  }

  /**
   * The order in which buckets are summed: a bucket after those that are final before it, where a
   * backward comes by the parameters in this order; of several that are final at once the last
   * first. The same on every rank.
   *
   * @param lastParts after which part of the backward a parameter is final; what it never comes by
   *     is so at the end
   */
  public List<Turn> turns(Map<String, Integer> lastParts) {
    int[] last = new int[buckets.size()];
    for (ParameterSpec parameter : parameters) {
      int bucket = bucketOf.get(parameter.name());
      int part = lastParts.getOrDefault(parameter.name(), Integer.MAX_VALUE);
      last[bucket] = Math.max(last[bucket], part);
    }
    List<Turn> turns = new ArrayList<>();
    for (int bucket = buckets.size() - 1; bucket >= 0; bucket--) {
      turns.add(new Turn(bucket, last[bucket]));
    }
    turns.sort(Comparator.comparingInt(Turn::lastPart));
    return turns;
  }

  /** Where a parameter begins in the flat buffer. */
  public long offset(String parameter) {
    Long offset = offsets.get(parameter);
    if (offset == null) {
      throw new IllegalArgumentException("Cannot find parameter: " + parameter);
    }
    return offset;
  }

  /** The bucket a parameter lies in. */
  public int bucketOf(String parameter) {
    offset(parameter);
    return bucketOf.get(parameter);
  }

  /** What a rank owns, in the order of its shard, without padding. */
  public List<Slice> slices(int rank) {
    if (rank < 0 || rank >= worldSize) {
      throw new IllegalArgumentException(
          "Invalid rank: " + rank + " (must be in [0, " + worldSize + "))");
    }
    List<Slice> slices = new ArrayList<>();
    for (ParameterSpec parameter : parameters) {
      Bucket bucket = buckets.get(bucketOf.get(parameter.name()));
      long chunk = bucket.length() / worldSize;
      long ownedStart = bucket.offset() + rank * chunk;
      long offset = offsets.get(parameter.name());
      long from = Math.max(offset, ownedStart);
      long to = Math.min(offset + parameter.elementCount(), ownedStart + chunk);
      if (from < to) {
        long shardOffset = bucket.offset() / worldSize + (from - ownedStart);
        slices.add(
            new Slice(
                parameter.name(),
                from - offset,
                to - from,
                shardOffset,
                from,
                parameter.decay(),
                parameter.rateScale()));
      }
    }
    return slices;
  }
}
