package dev.anneal.core.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.config.Redaction;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a run came from: what one needs to repeat it, and to see why a repetition differs.
 *
 * @param configHash sha256 of the resolved configuration
 * @param libtorch version and device build as the tensor layer gives it; empty when not loaded
 * @param data what was trained on, in the order of {@code data.train}
 */
public record RunManifest(
    BuildVersion build,
    Instant startedAt,
    String configHash,
    Source model,
    List<Source> data,
    long seed,
    int worldSize,
    String libtorch,
    Platform platform) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int VERSION = 1;

  /** An input of the run: its path as given and the hash of its content; empty when unknown. */
  public record Source(String path, String hash) {
    public Source {
      path = Redaction.text(path);
    }
  }

  public RunManifest {
    data = List.copyOf(data);
    if (worldSize < 1) {
      throw new IllegalArgumentException("Invalid world_size: " + worldSize + " (must be > 0)");
    }
  }

  public String toJson() {
    ObjectNode json = JSON.createObjectNode();
    json.put("format_version", VERSION);
    json.put("anneal_version", build.version());
    if (!build.commit().isEmpty()) {
      json.put("git_commit", build.commit());
    }
    json.put("started_at", startedAt.toString());
    json.put("config_sha256", configHash);
    json.set("model", source(model));
    for (Source source : data) {
      json.withArray("data").add(source(source));
    }
    json.put("seed", seed);
    json.put("world_size", worldSize);
    json.put("libtorch", libtorch);
    ObjectNode machine = json.putObject("platform");
    machine.put("jvm", platform.jvm());
    machine.put("operating_system", platform.operatingSystem());
    machine.put("processor", platform.processor());
    machine.put("cores", platform.cores());
    machine.put("memory_bytes", platform.memoryBytes());
    return json.toPrettyString();
  }

  /**
   * @throws IOException when the text is no manifest, or one of a later version
   */
  public static RunManifest fromJson(String text) throws IOException {
    JsonNode json = JSON.readTree(text);
    int version = json.path("format_version").asInt(0);
    if (version != VERSION) {
      throw new IOException(
          "Unsupported run manifest version: " + version + " (supported: " + VERSION + ")");
    }
    List<Source> data = new ArrayList<>();
    json.path("data").forEach(source -> data.add(source(source)));
    JsonNode machine = json.path("platform");
    return new RunManifest(
        new BuildVersion(json.path("anneal_version").asText(), json.path("git_commit").asText()),
        Instant.parse(json.path("started_at").asText()),
        json.path("config_sha256").asText(),
        source(json.path("model")),
        data,
        json.path("seed").asLong(),
        json.path("world_size").asInt(),
        json.path("libtorch").asText(),
        new Platform(
            machine.path("jvm").asText(),
            machine.path("operating_system").asText(),
            machine.path("processor").asText(),
            machine.path("cores").asInt(),
            machine.path("memory_bytes").asLong()));
  }

  private static ObjectNode source(Source source) {
    return JSON.createObjectNode().put("path", source.path()).put("sha256", source.hash());
  }

  private static Source source(JsonNode json) {
    return new Source(json.path("path").asText(), json.path("sha256").asText());
  }
}
