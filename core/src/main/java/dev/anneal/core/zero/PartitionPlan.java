package dev.anneal.core.zero;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The arithmetic of ZeRO on flat buffers. Immutable, thread-safe.
 *
 * <p>The parameters lie one after the other in a flat buffer, in the order given, cut into buckets
 * at parameter boundaries. A bucket is padded to a multiple of {@code 16 × worldSize}, so that it
 * divides into equal chunks, one a rank, each a multiple of a cache line. Chunk r of every bucket
 * belongs to rank r; its chunks, one after the other, are the rank's partition:
 *
 * <pre>
 * flat buffer   | bucket 0: a a a a b b . . | bucket 1: c c c c c c c . |
 * 2 ranks       |   rank 0     |  rank 1    |    rank 0   |   rank 1    |
 * partition 0   | a a a a | c c c c |
 * </pre>
 */
public final class PartitionPlan {
  /** Values of a chunk come in multiples of this: 64 bytes. */
  public static final int ALIGNMENT = 16;

  private final int worldSize;
  private final List<Bucket> buckets;
  private final Map<String, Place> places = new HashMap<>();
  private final long flatLength;

  private record Place(Bucket bucket, long offset, boolean decays) {}

  private PartitionPlan(int worldSize, List<Bucket> buckets) {
    this.worldSize = worldSize;
    this.buckets = List.copyOf(buckets);
    long end = 0;
    for (Bucket bucket : buckets) {
      long offset = bucket.offset();
      for (TrainedParameter parameter : bucket.parameters()) {
        if (places.put(parameter.name(), new Place(bucket, offset, parameter.decays())) != null) {
          throw new IllegalArgumentException("Invalid parameters: two named " + parameter.name());
        }
        offset += parameter.elements();
      }
      end = bucket.offset() + bucket.length();
    }
    this.flatLength = end;
  }

  /**
   * Plans the partition.
   *
   * @param parameters in the order of the flat buffer
   * @param bucketElements a bucket ends before it would hold more; one larger parameter has a
   *     bucket of its own
   */
  public static PartitionPlan of(
      List<TrainedParameter> parameters, int worldSize, long bucketElements) {
    if (worldSize < 1) {
      throw new IllegalArgumentException("Invalid world size: " + worldSize + " (must be >= 1)");
    }
    if (bucketElements < 1) {
      throw new IllegalArgumentException(
          "Invalid bucket size: " + bucketElements + " (must be >= 1)");
    }
    List<Bucket> buckets = new ArrayList<>();
    List<TrainedParameter> open = new ArrayList<>();
    long payload = 0;
    for (TrainedParameter parameter : parameters) {
      if (!open.isEmpty() && payload + parameter.elements() > bucketElements) {
        buckets.add(bucket(buckets, open, worldSize));
        open.clear();
        payload = 0;
      }
      open.add(parameter);
      payload = Math.addExact(payload, parameter.elements());
    }
    if (!open.isEmpty()) {
      buckets.add(bucket(buckets, open, worldSize));
    }
    return new PartitionPlan(worldSize, buckets);
  }

  private static Bucket bucket(
      List<Bucket> earlier, List<TrainedParameter> parameters, int worldSize) {
    long offset = 0;
    if (!earlier.isEmpty()) {
      Bucket last = earlier.get(earlier.size() - 1);
      offset = last.offset() + last.length();
    }
    long payload = parameters.stream().mapToLong(TrainedParameter::elements).sum();
    long unit = (long) ALIGNMENT * worldSize;
    long padded = Math.multiplyExact((payload + unit - 1) / unit, unit);
    return new Bucket(earlier.size(), offset, padded, parameters);
  }

  public int worldSize() {
    return worldSize;
  }

  /** In the order of the flat buffer. */
  public List<Bucket> buckets() {
    return buckets;
  }

  /** Values of the flat buffer, padding included. */
  public long flatLength() {
    return flatLength;
  }

  /** Values of one rank's partition, padding included; the same for every rank. */
  public long partitionLength() {
    return flatLength / worldSize;
  }

  /** Where a parameter begins in the flat buffer. */
  public long offsetOf(String parameter) {
    return place(parameter).offset();
  }

  public Bucket bucketOf(String parameter) {
    return place(parameter).bucket();
  }

  /** Where a rank's chunk of a bucket begins in the flat buffer. */
  public long chunkOffset(Bucket bucket, int rank) {
    return bucket.offset() + Objects.checkIndex(rank, worldSize) * chunkLength(bucket);
  }

  public long chunkLength(Bucket bucket) {
    return bucket.length() / worldSize;
  }

  /** Where the chunk of a bucket begins in every rank's partition. */
  public long partitionOffset(Bucket bucket) {
    return bucket.offset() / worldSize;
  }

  /** What a rank owns, in the order of its partition; padding is in no slice. */
  public List<OwnedSlice> slices(int rank) {
    List<OwnedSlice> slices = new ArrayList<>();
    for (Bucket bucket : buckets) {
      long start = chunkOffset(bucket, rank);
      long end = start + chunkLength(bucket);
      for (TrainedParameter parameter : bucket.parameters()) {
        long offset = offsetOf(parameter.name());
        long from = Math.max(start, offset);
        long to = Math.min(end, offset + parameter.elements());
        if (from < to) {
          slices.add(
              new OwnedSlice(
                  parameter.name(),
                  from - offset,
                  to - from,
                  partitionOffset(bucket) + from - start));
        }
      }
    }
    return slices;
  }

  /**
   * A rank's partition as the fewest runs with and without weight decay, without gaps. Padding goes
   * with what is before it: its values and gradients are 0 and stay so.
   */
  public List<DecaySegment> decaySegments(int rank) {
    List<DecaySegment> segments = new ArrayList<>();
    DecaySegment open = new DecaySegment(0, 0, false);
    for (OwnedSlice slice : slices(rank)) {
      boolean decays = place(slice.parameter()).decays();
      if (open.length() == 0) {
        open = new DecaySegment(0, partitionLength(), decays);
      } else if (open.decays() != decays) {
        long start = slice.partitionOffset();
        long before = start - open.partitionOffset();
        segments.add(new DecaySegment(open.partitionOffset(), before, open.decays()));
        open = new DecaySegment(start, partitionLength() - start, decays);
      }
    }
    if (partitionLength() > 0) {
      segments.add(open.length() > 0 ? open : new DecaySegment(0, partitionLength(), false));
    }
    return segments;
  }

  private Place place(String parameter) {
    Place place = places.get(parameter);
    if (place == null) {
      throw new IllegalArgumentException("Unknown parameter: " + parameter);
    }
    return place;
  }
}
