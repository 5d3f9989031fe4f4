package dev.anneal.core.format;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

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
    Optional<Path> file =
        field.getValue().isTextual() ? inFolder(indexFile, name) : Optional.empty();
    if (file.isEmpty()) {
      throw new FormatException(
          "Cannot read "
              + indexFile
              + ": tensor "
              + field.getKey()
              + ": shard "
              + field.getValue()
              + " is not a file name in the same folder");
    }
    if (!Files.isRegularFile(file.get())) {
      throw new FormatException(
          "Cannot read "
              + indexFile
              + ": shard "
              + name
              + " is missing (tensor "
              + field.getKey()
              + ")");
    }
    return file.get();
  }

  /**
   * A shard by its name, or by an absolute path that leads into the index's folder. Files may be
   * links, as in a cache of the hub; folders between may not lead out.
   */
  private static Optional<Path> inFolder(Path indexFile, String name) {
    if (name.isEmpty() || name.contains("\\") || name.indexOf('\0') >= 0) {
      return Optional.empty();
    }
    Path folder = real(indexFile.toAbsolutePath().normalize().getParent());
    Path file = indexFile.toAbsolutePath().resolveSibling(name).normalize();
    if (file.getParent() == null) {
      return Optional.empty();
    }
    Path parent = real(file.getParent());
    return parent.startsWith(folder)
        ? Optional.of(
            indexFile.resolveSibling(folder.relativize(parent).resolve(file.getFileName())))
        : Optional.empty();
  }

  private static Path real(Path folder) {
    try {
      return folder.toRealPath();
    } catch (IOException e) {
      return folder; // not there: the shard in it is missing too
    }
  }

  Collection<Path> files() {
    return new TreeSet<>(fileOfTensor.values());
  }

  /** Refuses a set of shards that lacks a tensor which the index lists. */
  static void checkAllFound(Map<String, Path> fileOfTensor, Map<String, List<Path>> places)
      throws FormatException {
    for (Map.Entry<String, Path> entry : fileOfTensor.entrySet()) {
      if (!places.containsKey(entry.getKey())) {
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

  /**
   * Says which copy of a tensor is read where the files hold several, or another file than the
   * index says holds it. The last file wins, as in transformers, which asks the index for the names
   * of the files alone.
   */
  static List<String> warnings(
      Map<String, Path> fileOfTensor, Map<String, List<Path>> placesOfTensor) {
    List<String> warnings = new ArrayList<>();
    placesOfTensor.forEach(
        (tensor, places) -> {
          Path read = places.get(places.size() - 1);
          Path listed = fileOfTensor.getOrDefault(tensor, read);
          if (places.size() > 1 || !listed.equals(read)) {
            warnings.add(
                tensor
                    + " stands in "
                    + places.stream().map(SafetensorsIndex::name).collect(Collectors.joining(", "))
                    + (listed.equals(read)
                        ? ""
                        : ", and " + INDEX_FILE + " puts it in " + name(listed))
                    + ": that of "
                    + name(read)
                    + " is read, as transformers reads the last file's");
          }
        });
    return warnings;
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }
}
