package dev.anneal.jobs.placement;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.net.GroupIdentity;
import dev.anneal.core.tensor.Device;
import java.util.Objects;

/**
 * Where a rank runs and whom it works with. Valid while its task runs; the placement owns the
 * collective and closes it.
 */
public final class RankContext {
  private final RankSeat seat;
  private final GroupIdentity identity;
  private final Collective collective;
  private final int threads;

  RankContext(RankSeat seat, GroupIdentity identity, Collective collective, int threads) {
    this.seat = Objects.requireNonNull(seat, "seat");
    this.identity = Objects.requireNonNull(identity, "identity");
    this.collective = Objects.requireNonNull(collective, "collective");
    this.threads = threads;
  }

  public int rank() {
    return seat.rank();
  }

  public int worldSize() {
    return collective.worldSize();
  }

  /** Index of this rank among those of its host. */
  public int localRank() {
    return seat.localRank();
  }

  /** Ranks on this host. */
  public int localWorldSize() {
    return seat.localWorldSize();
  }

  /** How often Spark started the ranks before: above 0 the run has to resume. */
  public int stageAttempt() {
    return identity.attempt();
  }

  public String runId() {
    return identity.runId();
  }

  /** Run, attempt and secret, for a channel to the driver. */
  public GroupIdentity identity() {
    return identity;
  }

  public Collective collective() {
    return collective;
  }

  /** Arithmetic threads of this rank. */
  public int threads() {
    return threads;
  }

  public String host() {
    return seat.host();
  }

  /** Where this rank computes: the CPU, or the card that is its own. */
  public Device device() {
    return seat.device();
  }
}
