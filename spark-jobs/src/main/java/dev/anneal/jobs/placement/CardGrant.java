package dev.anneal.jobs.placement;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The cards that one rank was given, as its executor sees it. Immutable.
 *
 * @param executor Spark's name of the executor
 * @param addresses of the cards that are the rank's own
 * @param visible the entries of CUDA_VISIBLE_DEVICES that count; empty where the process sees all
 */
record CardGrant(String executor, List<String> addresses, Optional<List<String>> visible) {
  /** Of ranks that compute on CPUs. */
  static final CardGrant NONE = new CardGrant("", List.of(), Optional.empty());

  static final String VISIBLE_DEVICES = "CUDA_VISIBLE_DEVICES";

  CardGrant {
    addresses = List.copyOf(addresses);
    visible = visible.map(List::copyOf);
  }

  /**
   * What counts of CUDA_VISIBLE_DEVICES: CUDA stops reading at the first entry that names no card.
   *
   * @param value of the variable; null where it is not set
   */
  static Optional<List<String>> visible(String value) {
    if (value == null) {
      return Optional.empty();
    }
    List<String> entries = new ArrayList<>();
    for (String entry : value.split(",", -1)) {
      if (entry.isBlank() || entry.strip().startsWith("-")) {
        break;
      }
      entries.add(entry.strip());
    }
    return Optional.of(entries);
  }

  /** Whether the address is a number as CUDA counts the cards that the process sees. */
  private boolean isIndex(String address) {
    return address.matches("[0-9]{1,4}")
        && (visible.isEmpty() || Integer.parseInt(address) < visible.get().size());
  }

  private int listed(String address) {
    return visible.map(entries -> entries.indexOf(address)).orElse(-1);
  }

  /**
   * CUDA's number of a rank's card. Discovery scripts print either what CUDA counts, as ours does,
   * or what stands in CUDA_VISIBLE_DEVICES: which of them shows in all addresses of the executor.
   *
   * @param all the grants of all ranks, by rank
   * @return empty where {@link #problems} says why
   */
  static Optional<Integer> ordinal(List<CardGrant> all, int rank) {
    CardGrant own = all.get(rank);
    if (own.addresses.size() != 1) {
      return Optional.empty();
    }
    String address = own.addresses.get(0);
    List<String> ofExecutor =
        all.stream()
            .filter(other -> other.executor.equals(own.executor))
            .flatMap(other -> other.addresses.stream())
            .toList();
    if (ofExecutor.stream().allMatch(own::isIndex)) {
      return Optional.of(Integer.parseInt(address));
    }
    int listed = own.listed(address);
    return listed >= 0 ? Optional.of(listed) : Optional.empty();
  }

  /** Why ranks cannot compute on the cards they were given; each names the rank. */
  static List<String> ofRanks(List<CardGrant> all, List<String> hosts) {
    return problems(
        all, hosts, IntStream.range(0, all.size()).mapToObj(rank -> "Rank " + rank).toList());
  }

  /**
   * Why those who were given cards cannot compute on them.
   *
   * @param names of who was given them, by number
   */
  static List<String> problems(List<CardGrant> all, List<String> hosts, List<String> names) {
    List<String> problems = new ArrayList<>();
    for (int rank = 0; rank < all.size(); rank++) {
      CardGrant own = all.get(rank);
      String who = names.get(rank) + " on " + hosts.get(rank) + ": ";
      if (own.addresses.size() != 1) {
        problems.add(
            who
                + "Spark gave it "
                + own.addresses.size()
                + " GPUs "
                + own.addresses
                + " (a rank computes on exactly one)");
        continue;
      }
      if (ordinal(all, rank).isEmpty()) {
        problems.add(
            who
                + "Invalid GPU address: "
                + own.addresses.get(0)
                + " (must count the cards that the process sees, from 0"
                + own.visible
                    .map(list -> ", or stand in " + VISIBLE_DEVICES + "=" + String.join(",", list))
                    .orElse("")
                + ")");
      }
      for (int other = 0; other < rank; other++) {
        if (hosts.get(other).equals(hosts.get(rank))
            && all.get(other).addresses.equals(own.addresses)
            && all.get(other).visible.equals(own.visible)) {
          problems.add(
              who
                  + "holds the same GPU as "
                  + names.get(other)
                  + ": "
                  + own.addresses.get(0)
                  + " (workers of one host offer the same cards: give each its own "
                  + VISIBLE_DEVICES
                  + ")");
        }
      }
    }
    return problems;
  }
}
