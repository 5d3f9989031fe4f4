package dev.anneal.core.collective.local;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.ControlCollective;
import java.util.ArrayList;
import java.util.List;

/**
 * A group whose ranks are threads of this JVM and read each other's host memory. Sums have the same
 * bits as those of the tcp ring. Thread-safe; each member belongs to one thread at a time.
 */
public final class LocalGroup {
  private final List<ControlCollective> members;

  private LocalGroup(List<ControlCollective> members) {
    this.members = List.copyOf(members);
  }

  /** A group of that many ranks. */
  public static LocalGroup of(int worldSize) {
    if (worldSize < 1) {
      throw new IllegalArgumentException("Invalid world size: " + worldSize + " (must be >= 1)");
    }
    Meeting meeting = new Meeting(worldSize);
    List<ControlCollective> members = new ArrayList<>();
    for (int rank = 0; rank < worldSize; rank++) {
      members.add(new LocalCollective(rank, worldSize, meeting));
    }
    return new LocalGroup(members);
  }

  /** The collective of one rank. */
  public ControlCollective member(int rank) {
    return members.get(rank);
  }

  /** The collectives by rank. */
  public List<Collective> members() {
    return List.copyOf(members);
  }
}
