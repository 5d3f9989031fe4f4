package dev.anneal.jobs.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.checkpoint.RankFile;
import dev.anneal.core.format.FormatException;
import dev.anneal.core.optim.LossScale;
import dev.anneal.core.train.TrainState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What rank 0 asks the driver to commit.
 *
 * @param state after the checkpoint's step
 * @param origin who wrote it
 * @param files descriptions of the ranks' files
 */
record CommitRequest(TrainState state, Origin origin, ArrayNode files) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * The attempt that wrote the files, by how many ranks.
   *
   * @param products how rank 0 multiplies matrices
   */
  record Origin(int worldSize, String attempt, String products) {}

  String toJson() {
    ObjectNode json = JSON.createObjectNode();
    json.put("step", state.step());
    json.put("tokens", state.tokensSeen());
    json.put("target_tokens", state.targetTokensSeen());
    state.lossScale().ifPresent(scale -> json.set("loss_scale", JSON.valueToTree(scale)));
    json.put("world_size", origin.worldSize());
    json.put("attempt", origin.attempt());
    json.put("products", origin.products());
    json.set("files", files);
    return json.toString();
  }

  static CommitRequest fromJson(String text) throws IOException {
    JsonNode json = JSON.readTree(text);
    TrainState state =
        new TrainState(
            json.get("step").asLong(),
            json.get("tokens").asLong(),
            json.get("target_tokens").asLong(),
            Optional.ofNullable(JSON.treeToValue(json.get("loss_scale"), LossScale.class)));
    Origin origin =
        new Origin(
            json.get("world_size").asInt(),
            json.get("attempt").asText(),
            json.get("products").asText());
    return new CommitRequest(state, origin, (ArrayNode) json.get("files"));
  }

  List<RankFile> rankFiles() throws FormatException, IOException {
    List<RankFile> result = new ArrayList<>();
    for (JsonNode file : files) {
      result.add(RankFile.fromJson(JSON.writeValueAsBytes(file)));
    }
    return result;
  }
}
