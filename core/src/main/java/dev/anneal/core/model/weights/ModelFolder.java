package dev.anneal.core.model.weights;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.io.Sha256;
import dev.anneal.core.model.config.ConfigFields;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.DecoderConfigParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
  private final boolean weightsUsed;
  private final DecoderConfig declared;
  private final DecoderConfig config;
  private final List<Integer> eosTokenIds;

  private ModelFolder(
      Path path,
      ObjectNode configJson,
      boolean weightsUsed,
      DecoderConfig declared,
      DecoderConfig config,
      List<Integer> eosTokenIds) {
    this.path = path;
    this.configJson = configJson;
    this.weightsUsed = weightsUsed;
    this.declared = declared;
    this.config = config;
    this.eosTokenIds = List.copyOf(eosTokenIds);
  }

  /**
   * Opens a folder: its config, and whether its weights tie the embeddings as that says. All else
   * of the weights is looked at by {@link #openWeights}.
   */
  public static ModelFolder open(Path path) {
    return open(path, true);
  }

  /** Opens a folder for a model with new weights; those it may hold are not looked at. */
  public static ModelFolder openFromScratch(Path path) {
    return open(path, false);
  }

  private static ModelFolder open(Path path, boolean withWeights) {
    if (!Files.isDirectory(path)) {
      throw new ConfigException("Cannot read model " + path + ": no such folder (model.path)");
    }
    Path configFile = path.resolve(CONFIG_FILE);
    if (!Files.exists(configFile)) {
      throw new ConfigException("Cannot read model " + path + ": no config.json (model.path)");
    }
    ObjectNode json = readObject(configFile);
    DecoderConfig declared = DecoderConfigParser.parse(json, configFile.toString());
    boolean used = withWeights && hasWeights(path);
    DecoderConfig config = used ? asStored(path, declared) : declared;
    List<Integer> eos = declared.eosTokenIds();
    Path generationFile = path.resolve(GENERATION_CONFIG_FILE);
    if (Files.exists(generationFile)) {
      ObjectNode generation = readObject(generationFile);
      eos = new ConfigFields(generationFile.toString(), generation).tokenIds("eos_token_id", eos);
    }
    return new ModelFolder(path, json, used, declared, config, eos);
  }

  private static DecoderConfig asStored(Path path, DecoderConfig declared) {
    try (SafetensorsReader reader = SafetensorsReader.openFolder(path)) {
      return TiedHead.asStored(declared, reader);
    } catch (IOException e) {
      return declared; // openWeights tells what is wrong with them
    }
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

  /** What the weights are: config.json's, but for a stored output matrix that it calls tied. */
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

  /**
   * The same model with an output matrix of its own, which begins as the embedding: what a method
   * needs that trains one of two tied matrices alone.
   */
  public ModelFolder withOwnHead() {
    return config.tieWordEmbeddings()
        ? new ModelFolder(
            path, configJson, weightsUsed, declared, config.withOwnHead(), eosTokenIds)
        : this;
  }

  /** The same model with other rows of embeddings, as {@link ResizedWeights} fills them. */
  public ModelFolder resizedTo(int rows) {
    return rows == config.vocabSize()
        ? this
        : new ModelFolder(
            path, configJson, weightsUsed, declared, config.withVocabSize(rows), eosTokenIds);
  }

  /** Rows of the embeddings that are stored. */
  public int storedVocabSize() {
    return declared.vocabSize();
  }

  private WeightNaming naming(SafetensorsReader reader) {
    WeightNaming naming = WeightNaming.of(config, reader.tensors().keySet());
    boolean untied = declared.tieWordEmbeddings() && !config.tieWordEmbeddings();
    return untied ? naming.withHeadOfEmbedding() : naming;
  }

  /** Opens the weights and checks their names, shapes and dtypes against the config. */
  public SafetensorsReader openWeights() {
    SafetensorsReader reader = null;
    try {
      reader = SafetensorsReader.openFolder(path);
      WeightNaming naming = naming(reader);
      SafetensorsReader named = reader.renamed(naming.stored());
      WeightCheck.check(config.withVocabSize(storedVocabSize()), named.tensors(), path.toString());
      return named;
    } catch (IOException e) {
      throw new ConfigException("Cannot read weights: " + reason(e) + " (model.path)", e);
    } catch (ConfigException e) {
      closeQuietly(reader, e);
      throw e;
    }
  }

  /**
   * What a reader of the log should know of the weights: what of them is not used, and what is read
   * otherwise than config.json or the index lets one expect. Reads headers alone.
   *
   * @throws IOException when the files cannot be read, or are not what their format demands
   */
  public List<String> warnings() throws IOException {
    if (!weightsUsed) {
      return List.of();
    }
    try (SafetensorsReader reader = SafetensorsReader.openFolder(path)) {
      WeightNaming naming = WeightNaming.of(config, reader.tensors().keySet());
      List<String> warnings = new ArrayList<>(reader.warnings());
      if (declared.tieWordEmbeddings() && !config.tieWordEmbeddings()) {
        warnings.add(
            "lm_head.weight differs from model.embed_tokens.weight although config.json says"
                + " tie_word_embeddings true: both are used, as transformers uses them; set it to"
                + " false to silence this");
      }
      if (naming.headAlone()) {
        warnings.add(
            "model.embed_tokens.weight is not stored: lm_head.weight, tied to it, is read for"
                + " both");
      }
      if (!naming.unused().isEmpty()) {
        warnings.add(
            naming.unused().size()
                + " stored tensors are not of "
                + config.family().architecture()
                + " with this config.json and are ignored: "
                + WeightCheck.some(naming.unused()));
      }
      return warnings.stream().map(line -> line + " (" + path + ")").toList();
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
    return hasWeights(path);
  }

  private static boolean hasWeights(Path path) {
    return Files.exists(path.resolve("model.safetensors"))
        || Files.exists(path.resolve("model.safetensors.index.json"));
  }
}
