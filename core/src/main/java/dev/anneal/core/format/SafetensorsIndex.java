package dev.anneal.core.format;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Which shard of a model folder holds which tensor: {@code model.safetensors.index.json}. */
record SafetensorsIndex(Path indexFile, Map<String, Path> fileOfTensor) {
  static final String SINGLE_FILE = "model.safetensors";
  static final String INDEX_FILE = "model.safetensors.index.json";

  static SafetensorsIndex read(Path indexFile) throws IOException {
    JsonNode root;
    try {
      root = new ObjectMapper().readTree(Files.readAllBytes(indexFile));
    } catch (JsonProcessingException e) {
      throw new FormatException(
          "Cannot read " + indexFile + ": not JSON: " + e.getOriginalMessage(), e);
    }
    JsonNode weightMap = root.path("weight_map");
    if (!weightMap.isObject() || weightMap.isEmpty()) {
      throw new FormatException("Cannot read " + indexFile + ": no weight_map");
    }
    Map<String, Path> fileOfTensor = new LinkedHashMap<>();
    for (Iterator<Map.Entry<String, JsonNode>> it = weightMap.fields(); it.hasNext(); ) {
      Map.Entry<String, JsonNode> field = it.next();
      fileOfTensor.put(field.getKey(), shard(indexFile, field));
    }
    return new SafetensorsIndex(indexFile, fileOfTensor);
  }

  private static Path shard(Path indexFile, Map.Entry<String, JsonNode> field)
      throws FormatException {
    String name = field.getValue().asText();
    boolean plain = !name.isEmpty() && !name.contains("/") && !name.contains("\\");
    if (!field.getValue().isTextual() || !plain || name.equals("..") || name.equals(".")) {
      throw new FormatException(
          "Cannot read "
              + indexFile
              + ": tensor "
              + field.getKey()
              + ": shard "
              + field.getValue()
              + " is not a file name in the same folder");
    }
    Path file = indexFile.resolveSibling(name);
    if (!Files.isRegularFile(file)) {
      throw new FormatException(
          "Cannot read "
              + indexFile
              + ": shard "
              + name
              + " is missing (tensor "
              + field.getKey()
              + ")");
    }
    return file;
  }

  Collection<Path> files() {
    return new TreeSet<>(fileOfTensor.values());
  }

  /** Refuses a tensor that the index (if any) puts elsewhere or does not list. */
  static void checkListed(Map<String, Path> fileOfTensor, TensorInfo tensor)
      throws FormatException {
    if (fileOfTensor.isEmpty()) {
      return;
    }
    Path expected = fileOfTensor.get(tensor.name());
    if (!tensor.file().equals(expected)) {
      throw new FormatException(
          "Cannot read "
              + tensor.file()
              + ": tensor "
              + tensor.name()
              + (expected == null
                  ? " is not listed in " + INDEX_FILE
                  : " belongs to " + expected.getFileName() + " by " + INDEX_FILE));
    }
  }

  /** Refuses a set of shards that lacks a tensor which the index lists. */
  static void checkAllFound(Map<String, Path> fileOfTensor, Set<String> found)
      throws FormatException {
    for (Map.Entry<String, Path> entry : fileOfTensor.entrySet()) {
      if (!found.contains(entry.getKey())) {
        throw new FormatException(
            "Cannot read "
                + entry.getValue()
                + ": tensor "
                + entry.getKey()
                + " is listed in "
                + INDEX_FILE
                + " but not in the file");
      }
    }
  }
}
