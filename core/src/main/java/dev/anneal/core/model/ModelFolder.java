package dev.anneal.core.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.io.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;

/**
 * A Hugging Face model folder on this machine: its config, and its weights and tokenizer files
 * where it has them (a model to be trained from scratch has no weights). Immutable and thread-safe.
 */
public final class ModelFolder {
  public static final String CONFIG_FILE = "config.json";
  public static final String GENERATION_CONFIG_FILE = "generation_config.json";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> TOKENIZER_FILES =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "chat_template.jinja",
          "chat_template.json",
          "vocab.json",
          "merges.txt",
          "tokenizer.model");

  private final Path path;
  private final ObjectNode configJson;
  private final DecoderConfig config;
  private final List<Integer> eosTokenIds;

  private ModelFolder(
      Path path, ObjectNode configJson, DecoderConfig config, List<Integer> eosTokenIds) {
    this.path = path;
    this.configJson = configJson;
    this.config = config;
    this.eosTokenIds = List.copyOf(eosTokenIds);
  }

  /** Opens a folder and reads its config; the weights are looked at by {@link #openWeights}. */
  public static ModelFolder open(Path path) {
    if (!Files.isDirectory(path)) {
      throw new ConfigException("Cannot read model " + path + ": no such folder (model.path)");
    }
    Path configFile = path.resolve(CONFIG_FILE);
    if (!Files.exists(configFile)) {
      throw new ConfigException("Cannot read model " + path + ": no config.json (model.path)");
    }
    ObjectNode json = readObject(configFile);
    DecoderConfig config = DecoderConfigParser.parse(json, configFile.toString());
    List<Integer> eos = config.eosTokenIds();
    Path generationFile = path.resolve(GENERATION_CONFIG_FILE);
    if (Files.exists(generationFile)) {
      ObjectNode generation = readObject(generationFile);
      eos = new ConfigFields(generationFile.toString(), generation).tokenIds("eos_token_id", eos);
    }
    return new ModelFolder(path, json, config, eos);
  }

  private static ObjectNode readObject(Path file) {
    try {
      JsonNode json = JSON.readTree(Files.readAllBytes(file));
      if (json instanceof ObjectNode object) {
        return object;
      }
      throw new ConfigException("Cannot read " + file + ": not a JSON object (model.path)");
    } catch (JsonProcessingException e) {
      throw new ConfigException(
          "Cannot read " + file + ": not JSON: " + e.getOriginalMessage() + " (model.path)", e);
    } catch (IOException e) {
      throw new ConfigException("Cannot read " + file + ": " + e.getMessage() + " (model.path)", e);
    }
  }

  public Path path() {
    return path;
  }

  public DecoderConfig config() {
    return config;
  }

  /** A copy of config.json as it stands in the folder. */
  public ObjectNode configJson() {
    return configJson.deepCopy();
  }

  /** Ids that end a generation: generation_config.json's, else config.json's; maybe none. */
  public List<Integer> eosTokenIds() {
    return eosTokenIds;
  }

  /** Opens the weights and checks their names, shapes and dtypes against the config. */
  public SafetensorsReader openWeights() {
    SafetensorsReader reader = null;
    try {
      reader = SafetensorsReader.openFolder(path);
      WeightCheck.check(config, reader.tensors(), path.toString());
      return reader;
    } catch (IOException e) {
      throw new ConfigException("Cannot read weights: " + reason(e) + " (model.path)", e);
    } catch (ConfigException e) {
      closeQuietly(reader, e);
      throw e;
    }
  }

  private static void closeQuietly(SafetensorsReader reader, Exception primary) {
    try {
      if (reader != null) {
        reader.close();
      }
    } catch (IOException e) {
      primary.addSuppressed(e);
    }
  }

  private static String reason(IOException failure) {
    String message = failure.getMessage();
    return message.startsWith("Cannot read ")
        ? message.substring("Cannot read ".length())
        : message;
  }

  /** The tokenizer's files that this folder has: what an export copies. */
  public List<Path> tokenizerFiles() {
    return TOKENIZER_FILES.stream().map(path::resolve).filter(Files::exists).toList();
  }

  /**
   * A hash over config.json and the bytes of every weight file (config alone where there are none).
   * Reads all weights once.
   */
  public String contentHash() throws IOException {
    StringBuilder parts = new StringBuilder(Sha256.of(JSON.writeValueAsBytes(configJson)));
    if (hasWeights()) {
      try (SafetensorsReader reader = SafetensorsReader.openFolder(path)) {
        TreeSet<Path> files = new TreeSet<>();
        reader.tensors().values().stream().map(TensorInfo::file).forEach(files::add);
        for (Path file : files) {
          parts.append('\n').append(file.getFileName()).append(' ').append(Sha256.of(file));
        }
      }
    }
    return Sha256.of(parts.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** Whether there are weight files at all. */
  public boolean hasWeights() {
    return Files.exists(path.resolve("model.safetensors"))
        || Files.exists(path.resolve("model.safetensors.index.json"));
  }
}
