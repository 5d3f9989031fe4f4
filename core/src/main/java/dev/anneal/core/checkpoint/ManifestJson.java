package dev.anneal.core.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.format.FormatException;
import dev.anneal.core.format.HuggingFaceJson;
import dev.anneal.core.format.Shape;
import dev.anneal.core.optim.LossScale;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The JSON of manifests and of what ranks report; docs/formats/checkpoint.md describes it. */
final class ManifestJson {
  static final String FORMAT = "anneal-checkpoint";
  static final int VERSION = 1;

  private static final ObjectMapper JSON = new ObjectMapper();

  private ManifestJson() {}

  static byte[] render(CheckpointManifest manifest) {
    ObjectNode root = JSON.createObjectNode();
    root.put("format", FORMAT).put("version", VERSION);
    TrainPosition position = manifest.position();
    root.put("step", position.step())
        .put("epoch", position.epoch())
        .put("next_row", position.nextRow())
        .put("tokens", position.tokens())
        .put("target_tokens", position.targetTokens())
        .put("seed", position.seed())
        .put("world_size", manifest.worldSize())
        .put("attempt", manifest.attempt());
    manifest
        .lossScale()
        .ifPresent(
            scale ->
                root.putObject("loss_scale")
                    .put("value", scale.value())
                    .put("steady_steps", scale.steadySteps())
                    .put("skipped_steps", scale.skippedSteps()));
    ObjectNode fingerprint = root.putObject("fingerprint");
    manifest.fingerprint().forEach(fingerprint::put);
    ObjectNode parameters = root.putObject("parameters");
    manifest
        .parameters()
        .forEach((name, shape) -> shape.dimensions().forEach(parameters.putArray(name)::add));
    ArrayNode files = root.putArray("files");
    manifest.files().forEach(file -> files.add(node(file)));
    return HuggingFaceJson.render(root);
  }

  static ObjectNode node(RankFile file) {
    ObjectNode node = JSON.createObjectNode();
    node.put("name", file.name())
        .put("rank", file.rank())
        .put("bytes", file.bytes())
        .put("sha256", file.sha256())
        .put("elements", file.elements());
    ArrayNode kinds = node.putArray("tensors");
    file.kinds().forEach(kind -> kinds.add(kind.tensorName()));
    ArrayNode slices = node.putArray("slices");
    for (StateSlice slice : file.slices()) {
      slices
          .addObject()
          .put("parameter", slice.parameter())
          .put("offset", slice.parameterOffset())
          .put("length", slice.length())
          .put("at", slice.fileOffset());
    }
    return node;
  }

  static CheckpointManifest parse(byte[] bytes, String source) throws FormatException {
    JsonNode root = tree(bytes, source);
    if (!root.path("format").asText().equals(FORMAT)) {
      throw new FormatException("Cannot read " + source + ": not a checkpoint manifest");
    }
    if (root.path("version").asInt() != VERSION) {
      throw new FormatException(
          "Unsupported version: "
              + root.path("version").asText("none")
              + " (supported: "
              + VERSION
              + ") in "
              + source);
    }
    try {
      return manifest(root);
    } catch (IllegalArgumentException e) {
      throw new FormatException("Cannot read " + source + ": " + e.getMessage(), e);
    }
  }

  private static CheckpointManifest manifest(JsonNode root) {
    TrainPosition position =
        new TrainPosition(
            number(root, "step"),
            number(root, "epoch"),
            number(root, "next_row"),
            number(root, "tokens"),
            number(root, "target_tokens"),
            number(root, "seed"));
    Map<String, Shape> parameters = new LinkedHashMap<>();
    root.path("parameters")
        .fields()
        .forEachRemaining(entry -> parameters.put(entry.getKey(), shape(entry.getValue())));
    Map<String, String> fingerprint = new TreeMap<>();
    root.path("fingerprint")
        .fields()
        .forEachRemaining(entry -> fingerprint.put(entry.getKey(), entry.getValue().asText()));
    List<RankFile> files = new ArrayList<>();
    root.path("files").forEach(file -> files.add(rankFile(file)));
    return new CheckpointManifest(
        position,
        (int) number(root, "world_size"),
        text(root, "attempt"),
        parameters,
        fingerprint,
        files,
        lossScale(root.path("loss_scale")));
  }

  private static Optional<LossScale> lossScale(JsonNode node) {
    return node.isMissingNode()
        ? Optional.empty()
        : Optional.of(
            new LossScale(
                node.path("value").asDouble(),
                (int) number(node, "steady_steps"),
                number(node, "skipped_steps")));
  }

  static RankFile parseRankFile(byte[] bytes) throws FormatException {
    try {
      return rankFile(tree(bytes, "rank file report"));
    } catch (IllegalArgumentException e) {
      throw new FormatException("Cannot read rank file report: " + e.getMessage(), e);
    }
  }

  private static RankFile rankFile(JsonNode node) {
    List<StateKind> kinds = new ArrayList<>();
    node.path("tensors").forEach(kind -> kinds.add(new StateKind(kind.asText())));
    List<StateSlice> slices = new ArrayList<>();
    for (JsonNode slice : node.path("slices")) {
      slices.add(
          new StateSlice(
              text(slice, "parameter"),
              number(slice, "offset"),
              number(slice, "length"),
              number(slice, "at")));
    }
    return new RankFile(
        text(node, "name"),
        (int) number(node, "rank"),
        number(node, "bytes"),
        text(node, "sha256"),
        number(node, "elements"),
        kinds,
        slices);
  }

  private static JsonNode tree(byte[] bytes, String source) throws FormatException {
    try {
      JsonNode root = JSON.readTree(bytes);
      if (root.isObject()) {
        return root;
      }
      throw new FormatException("Cannot read " + source + ": not a JSON object");
    } catch (FormatException e) {
      throw e;
    } catch (IOException e) {
      throw new FormatException("Cannot read " + source + ": not whole JSON", e);
    }
  }

  private static Shape shape(JsonNode dimensions) {
    List<Long> sizes = new ArrayList<>();
    dimensions.forEach(size -> sizes.add(size.asLong()));
    return new Shape(sizes);
  }

  private static long number(JsonNode node, String key) {
    JsonNode value = node.path(key);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw new IllegalArgumentException("Invalid " + key + ": " + value + " (must be an integer)");
    }
    return value.asLong();
  }

  private static String text(JsonNode node, String key) {
    JsonNode value = node.path(key);
    if (!value.isTextual()) {
      throw new IllegalArgumentException("Invalid " + key + ": " + value + " (must be a string)");
    }
    return value.asText();
  }
}
