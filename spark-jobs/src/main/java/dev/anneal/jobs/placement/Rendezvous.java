package dev.anneal.jobs.placement;

import dev.anneal.core.collective.tcp.TcpEndpoint;
import java.util.ArrayList;
import java.util.List;

/** Where the ranks found each other. Owns this rank's endpoint until the collective takes it. */
final class Rendezvous implements AutoCloseable {
  private final List<TcpEndpoint> endpoint;
  private final List<RankHello> hellos;

  Rendezvous(List<TcpEndpoint> endpoint, List<RankHello> hellos) {
    this.endpoint = List.copyOf(endpoint);
    this.hellos = List.copyOf(hellos);
  }

  List<RankHello> hellos() {
    return hellos;
  }

  TcpEndpoint endpoint() {
    return endpoint.get(0);
  }

  List<String> addresses() {
    return hellos.stream().map(RankHello::address).toList();
  }

  /** Why the ranks cannot work together; every rank comes to the same list. */
  List<String> problems(DevicePlan plan) {
    List<String> problems = new ArrayList<>();
    String version = hellos.get(0).version();
    for (int rank = 0; rank < hellos.size(); rank++) {
      RankHello hello = hellos.get(rank);
      if (!hello.problem().isEmpty()) {
        problems.add("Rank " + rank + " on " + hello.host() + ": " + hello.problem());
      }
      if (!hello.version().equals(version)) {
        problems.add(
            "Rank " + rank + ": Expected version " + version + " but was " + hello.version());
      }
    }
    if (plan.cuda()) {
      problems.addAll(
          CardGrant.ofRanks(
              hellos.stream().map(RankHello::cards).toList(),
              hellos.stream().map(RankHello::host).toList()));
    }
    return problems;
  }

  @Override
  public void close() {
    endpoint.forEach(TcpEndpoint::close);
  }
}
