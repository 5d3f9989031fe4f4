package dev.anneal.core.collective.nccl;

import dev.anneal.core.collective.Operation;
import java.util.Objects;

/**
 * An operation of {@link dev.anneal.core.collective.Collective} on a region of a card, in place.
 * Immutable.
 *
 * @param root the sending rank of a broadcast, else {@link Operation#NO_ROOT}
 */
public record DeviceOperation(Operation.Kind kind, int root, DeviceRegion region) {
  public DeviceOperation {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(region, "region");
  }

  /** Sums the region over all ranks. */
  public static DeviceOperation allReduceSum(DeviceRegion region) {
    return new DeviceOperation(Operation.Kind.ALL_REDUCE, Operation.NO_ROOT, region);
  }

  /** Leaves the sum in this rank's of the equal chunks; the others are unspecified. */
  public static DeviceOperation reduceScatterSum(DeviceRegion region) {
    return new DeviceOperation(Operation.Kind.REDUCE_SCATTER, Operation.NO_ROOT, region);
  }

  /** Sends this rank's of the equal chunks to everyone and fills the others. */
  public static DeviceOperation allGather(DeviceRegion region) {
    return new DeviceOperation(Operation.Kind.ALL_GATHER, Operation.NO_ROOT, region);
  }

  /** Copies the root's values to every rank. */
  public static DeviceOperation broadcast(DeviceRegion region, int root) {
    return new DeviceOperation(Operation.Kind.BROADCAST, root, region);
  }
}
