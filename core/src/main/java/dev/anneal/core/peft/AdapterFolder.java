package dev.anneal.core.peft;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.weights.ModelFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A PEFT adapter on this machine: its config, and its tensors when asked for. Immutable. */
public record AdapterFolder(Path path, ExistingAdapter config) {
  public static final String WEIGHTS_FILE = "adapter_model.safetensors";

  private static final int SHOWN = 5;

  /** Opens a folder and reads its config. */
  public static AdapterFolder open(Path path) {
    Path configFile = path.resolve(AdapterConfigJson.FILE);
    if (!Files.isRegularFile(configFile)) {
      throw new ConfigException(
          "Cannot read adapter " + path + ": no " + AdapterConfigJson.FILE + " (adapter.path)");
    }
    try {
      byte[] json = Files.readAllBytes(configFile);
      return new AdapterFolder(path, AdapterConfigJson.parse(json, configFile.toString()));
    } catch (IOException e) {
      throw new ConfigException(
          "Cannot read " + configFile + ": " + e.getMessage() + " (adapter.path)", e);
    }
  }

  /** As below, with those names alone. */
  public SafetensorsReader openWeights(Map<String, Shape> expected) {
    return openWeights(expected, Map.of(), Set.of());
  }

  /**
   * Opens the tensors and compares them with what the model and the config demand.
   *
   * @param expected shapes by the names that stand in the file
   * @param possible the same of tensors that may be missing
   * @param perhaps names that may stand there too, with any shape
   */
  public SafetensorsReader openWeights(
      Map<String, Shape> expected, Map<String, Shape> possible, Set<String> perhaps) {
    try {
      SafetensorsReader reader = openWeights();
      Map<String, Shape> all = new LinkedHashMap<>(expected);
      possible.forEach(
          (name, shape) -> {
            if (reader.tensors().containsKey(name)) {
              all.put(name, shape);
            }
          });
      List<String> findings = findings(all, perhaps, reader.tensors());
      if (!findings.isEmpty()) {
        reader.close();
        throw new ConfigException(
            "Cannot load adapter "
                + path
                + ": "
                + String.join("; ", findings)
                + " (adapter.path: does the adapter belong to model.path?)");
      }
      return reader;
    } catch (IOException e) {
      throw new ConfigException(e.getMessage() + " (adapter.path)", e);
    }
  }

  /** The base with as many rows of embeddings as the adapter saves, where it saves them whole. */
  public ModelFolder fitted(ModelFolder base) {
    List<Long> rows =
        savedEmbeddings().values().stream()
            .filter(shape -> shape.dimensions().size() == 2)
            .map(shape -> shape.dimensions().get(0))
            .distinct()
            .toList();
    return rows.size() == 1 ? base.resizedTo(Math.toIntExact(rows.get(0))) : base;
  }

  /**
   * Embeddings and output matrix that the file holds, by their names in the model. Those that are
   * not trained are there because their rows were changed.
   */
  public Map<String, Shape> savedEmbeddings() {
    if (!Files.isRegularFile(path.resolve(WEIGHTS_FILE))) {
      return Map.of(); // openWeights says so
    }
    Map<String, Shape> saved = new LinkedHashMap<>();
    try (SafetensorsReader reader = openWeights()) {
      for (String name : WeightNames.EMBEDDINGS) {
        reader
            .find(AdapterMethod.PEFT_PREFIX + name)
            .ifPresent(tensor -> saved.put(name, tensor.shape()));
      }
    } catch (IOException e) {
      throw new ConfigException(e.getMessage() + " (adapter.path)", e);
    }
    return saved;
  }

  /** What PEFT saves of changed embeddings: themselves, and copies where they are trained. */
  private static boolean ofEmbeddings(String name) {
    return WeightNames.EMBEDDINGS.stream()
        .map(weight -> AdapterMethod.PEFT_PREFIX + weight)
        .anyMatch(
            weight ->
                name.equals(weight)
                    || name.equals(weight.replaceFirst("weight$", "modules_to_save.weight"))
                    || name.equals(weight.replaceFirst("weight$", "original_module.weight")));
  }

  /** Opens the tensors, whatever they are. */
  public SafetensorsReader openWeights() throws IOException {
    Path file = path.resolve(WEIGHTS_FILE);
    if (!Files.isRegularFile(file)) {
      throw new ConfigException(
          "Cannot read adapter " + path + ": no " + WEIGHTS_FILE + " (adapter.path)");
    }
    return SafetensorsReader.openFile(file);
  }

  private static List<String> findings(
      Map<String, Shape> expected, Set<String> perhaps, Map<String, TensorInfo> tensors) {
    List<String> missing = new ArrayList<>();
    List<String> wrong = new ArrayList<>();
    expected.forEach(
        (name, shape) -> {
          TensorInfo tensor = tensors.get(name);
          if (tensor == null) {
            missing.add(name);
          } else if (!tensor.shape().equals(shape)) {
            wrong.add(name + " " + tensor.shape() + " (expected " + shape + ")");
          }
        });
    List<String> unexpected =
        tensors.values().stream()
            // of modules whose rank has become 0
            .filter(tensor -> tensor.shape().elements() > 0)
            .map(TensorInfo::name)
            .filter(
                name ->
                    !expected.containsKey(name) && !perhaps.contains(name) && !ofEmbeddings(name))
            .toList();
    List<String> findings = new ArrayList<>();
    describe("missing", missing, findings);
    describe("unexpected", unexpected, findings);
    describe("with another shape", wrong, findings);
    return findings;
  }

  private static void describe(String what, List<String> names, List<String> findings) {
    if (!names.isEmpty()) {
      String shown = String.join(", ", names.subList(0, Math.min(SHOWN, names.size())));
      findings.add(
          names.size() + " " + what + ": " + shown + (names.size() > SHOWN ? ", ..." : ""));
    }
  }
}
