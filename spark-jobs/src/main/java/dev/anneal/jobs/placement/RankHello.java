package dev.anneal.jobs.placement;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.tensor.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a rank tells all others when they meet. Immutable.
 *
 * @param host the executor's host
 * @param address where the rank listens; empty when it cannot
 * @param version of Anneal, which must be the same everywhere
 * @param cards it was given
 * @param problem why the rank cannot take part; empty when it can
 */
record RankHello(String host, String address, String version, CardGrant cards, String problem) {
  private static final ObjectMapper JSON = new ObjectMapper();

  String toJson() {
    ObjectNode node = JSON.createObjectNode();
    node.put("host", host).put("address", address);
    node.put("version", version).put("problem", problem);
    node.put("executor", cards.executor());
    ArrayNode addresses = node.putArray("gpus");
    cards.addresses().forEach(addresses::add);
    cards.visible().ifPresent(list -> list.forEach(node.putArray("visible")::add));
    return node.toString();
  }

  static RankHello parse(String json) {
    try {
      JsonNode node = JSON.readTree(json);
      return new RankHello(
          node.path("host").asText(),
          node.path("address").asText(),
          node.path("version").asText(),
          new CardGrant(
              node.path("executor").asText(),
              texts(node.path("gpus")),
              node.has("visible") ? Optional.of(texts(node.path("visible"))) : Optional.empty()),
          node.path("problem").asText());
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Cannot read a rank's greeting: " + e.getMessage(), e);
    }
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(each -> texts.add(each.asText()));
    return texts;
  }

  /** The seat of a rank among these, by rank. */
  static RankSeat seat(List<RankHello> all, int rank, DevicePlan plan) {
    String host = all.get(rank).host();
    int localRank = 0;
    int localWorldSize = 0;
    for (int other = 0; other < all.size(); other++) {
      if (all.get(other).host().equals(host)) {
        localWorldSize++;
        localRank += other < rank ? 1 : 0;
      }
    }
    return new RankSeat(rank, host, localRank, localWorldSize, device(all, rank, plan));
  }

  private static Device device(List<RankHello> all, int rank, DevicePlan plan) {
    return plan.cuda()
        ? Device.cuda(
            CardGrant.ordinal(all.stream().map(RankHello::cards).toList(), rank).orElseThrow())
        : Device.CPU;
  }
}
