package dev.anneal.core.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads and writes {@link ShardManifest} as JSON. Stateless. */
public final class ShardManifestParser {
  private static final int VERSION = 1;
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String ANNEAL_VERSION = "anneal_version";
  private static final String COLUMNS = "columns";
  private static final String ROWS = "rows";
  private static final String TOKENS = "tokens";
  private static final String TARGET_TOKENS = "target_tokens";
  private static final String SHARDS = "shards";
  private static final String OUTPUTS = "outputs";
  private static final String FORMAT = "format";
  private static final String FILES = "files";
  private static final String FILE = "file";
  private static final String BYTES = "bytes";
  private static final String SHA256 = "sha256";
  private static final String TOKENIZER = "tokenizer_sha256";
  private static final String TEMPLATE = "template_sha256";
  private static final String OPTIONS_HASH = "options_sha256";
  private static final String OPTIONS = "options";
  private static final String INPUTS = "inputs";
  private static final String INPUT = "input";
  private static final String PATH = "path";
  private static final String MODIFIED = "modified_ms";

  private ShardManifestParser() {}

  public static String toJson(ShardManifest manifest) {
    ObjectNode root = JSON.createObjectNode();
    root.put("version", VERSION);
    root.put(ANNEAL_VERSION, manifest.annealVersion());
    ArrayNode columns = root.putArray(COLUMNS);
    manifest.columns().forEach(columns::add);
    putCounts(root, manifest.counts());
    putFiles(root.putArray(SHARDS), manifest.shards());
    if (!manifest.outputs().isEmpty()) {
      ArrayNode outputs = root.putArray(OUTPUTS);
      for (ShardManifest.Output output : manifest.outputs()) {
        ObjectNode node = outputs.addObject().put(FORMAT, output.format());
        putCounts(node, output.counts());
        putFiles(node.putArray(FILES), output.files());
      }
    }
    ShardManifest.Origin origin = manifest.origin();
    root.put(TOKENIZER, origin.tokenizerHash());
    root.put(TEMPLATE, origin.templateHash());
    root.put(OPTIONS_HASH, origin.optionsHash());
    ObjectNode options = root.putObject(OPTIONS);
    origin.sortedOptions().forEach(options::put);
    ArrayNode inputs = root.putArray(INPUTS);
    for (ShardManifest.Input input : origin.inputs()) {
      ObjectNode node = inputs.addObject().put(INPUT, input.input()).put(PATH, input.path());
      node.put(BYTES, input.bytes()).put(MODIFIED, input.modifiedMillis());
      if (!input.sha256().isEmpty()) {
        node.put(FILES, input.files()).put(SHA256, input.sha256());
      }
    }
    return root.toPrettyString() + "\n";
  }

  /** An {@link IllegalArgumentException} names the key that is missing or wrong. */
  public static ShardManifest fromJson(String json) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
    }
    long version = number(root, "version");
    if (version != VERSION) {
      throw new IllegalArgumentException(
          "Unsupported manifest version: " + version + " (supported: " + VERSION + ")");
    }
    List<String> columns = new ArrayList<>();
    array(root, COLUMNS).forEach(node -> columns.add(node.asText()));
    List<ShardManifest.Output> outputs = new ArrayList<>();
    if (root.has(OUTPUTS)) {
      for (JsonNode node : array(root, OUTPUTS)) {
        outputs.add(new ShardManifest.Output(text(node, FORMAT), files(array(node, FILES))));
      }
    }
    return new ShardManifest(
        text(root, ANNEAL_VERSION),
        columns,
        counts(root),
        files(array(root, SHARDS)),
        outputs,
        origin(root));
  }

  private static List<ShardManifest.Shard> files(JsonNode array) {
    List<ShardManifest.Shard> files = new ArrayList<>();
    for (JsonNode node : array) {
      files.add(
          new ShardManifest.Shard(
              text(node, FILE), counts(node), number(node, BYTES), text(node, SHA256)));
    }
    return files;
  }

  private static void putFiles(ArrayNode array, List<ShardManifest.Shard> files) {
    for (ShardManifest.Shard file : files) {
      ObjectNode node = array.addObject().put(FILE, file.file());
      putCounts(node, file.counts());
      node.put(BYTES, file.bytes()).put(SHA256, file.sha256());
    }
  }

  private static ShardManifest.Origin origin(JsonNode root) {
    Map<String, String> options = new LinkedHashMap<>();
    required(root, OPTIONS)
        .fields()
        .forEachRemaining(entry -> options.put(entry.getKey(), entry.getValue().asText()));
    List<ShardManifest.Input> inputs = new ArrayList<>();
    for (JsonNode node : array(root, INPUTS)) {
      boolean many = node.has(SHA256);
      inputs.add(
          new ShardManifest.Input(
              text(node, INPUT),
              text(node, PATH),
              number(node, BYTES),
              number(node, MODIFIED),
              many ? number(node, FILES) : 1,
              many ? text(node, SHA256) : ""));
    }
    return new ShardManifest.Origin(text(root, TOKENIZER), text(root, TEMPLATE), options, inputs);
  }

  private static void putCounts(ObjectNode node, ShardManifest.Counts counts) {
    node.put(ROWS, counts.rows());
    node.put(TOKENS, counts.tokens());
    node.put(TARGET_TOKENS, counts.targetTokens());
  }

  private static ShardManifest.Counts counts(JsonNode node) {
    return new ShardManifest.Counts(
        number(node, ROWS), number(node, TOKENS), number(node, TARGET_TOKENS));
  }

  private static JsonNode required(JsonNode node, String key) {
    JsonNode value = node.get(key);
    if (value == null) {
      throw new IllegalArgumentException("Cannot find key: " + key);
    }
    return value;
  }

  private static JsonNode array(JsonNode node, String key) {
    JsonNode value = required(node, key);
    if (!value.isArray()) {
      throw new IllegalArgumentException("Invalid " + key + ": must be a list");
    }
    return value;
  }

  private static String text(JsonNode node, String key) {
    JsonNode value = required(node, key);
    if (!value.isTextual()) {
      throw new IllegalArgumentException("Invalid " + key + ": " + value + " (must be text)");
    }
    return value.textValue();
  }

  private static long number(JsonNode node, String key) {
    JsonNode value = required(node, key);
    if (!value.isIntegralNumber()) {
      throw new IllegalArgumentException("Invalid " + key + ": " + value + " (must be a number)");
    }
    return value.longValue();
  }
}
