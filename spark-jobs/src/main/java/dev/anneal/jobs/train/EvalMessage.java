package dev.anneal.jobs.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.run.EvalMetrics;
import java.io.IOException;

/** An evaluation on its way to the driver. */
final class EvalMessage {
  private static final ObjectMapper JSON = new ObjectMapper();

  private EvalMessage() {}

  static String toJson(EvalMetrics metrics) {
    ObjectNode json = JSON.createObjectNode();
    json.put("name", metrics.name());
    json.put("step", metrics.step());
    json.put("epoch", metrics.epoch());
    json.put("loss", metrics.loss());
    json.put("token_accuracy", metrics.tokenAccuracy());
    json.put("target_tokens", metrics.targetTokens());
    return json.toString();
  }

  static EvalMetrics fromJson(String text) throws IOException {
    JsonNode json = JSON.readTree(text);
    return new EvalMetrics(
        json.get("name").asText(),
        json.get("step").asLong(),
        json.get("epoch").asDouble(),
        json.get("loss").asDouble(),
        json.get("token_accuracy").asDouble(),
        json.get("target_tokens").asLong());
  }
}
