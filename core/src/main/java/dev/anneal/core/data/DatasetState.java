package dev.anneal.core.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What {@code state.json} of {@code datasets.save_to_disk} says. Stateless. */
final class DatasetState {
  private static final String STATE = "state.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  private DatasetState() {}

  /** The data files in the order of their rows, each a plain name. */
  static List<String> fileNames(ShardFiles folder) {
    String path = FileStore.join(folder.folder(), STATE);
    JsonNode state;
    try {
      state = JSON.readTree(folder.read(STATE));
    } catch (IOException e) {
      throw new InvalidShardException("Cannot read " + path + ": " + reason(e), e);
    }
    if (state.path("_indices_data_files").size() > 0) {
      throw new InvalidShardException(
          "Cannot read " + path + ": it selects rows by _indices_data_files (save it again)");
    }
    List<String> names = new ArrayList<>();
    for (JsonNode file : state.path("_data_files")) {
      String name = file.path("filename").asText();
      if (name.isEmpty() || !Path.of(name).equals(Path.of(name).getFileName())) {
        throw new InvalidShardException(
            "Cannot read " + path + ": invalid filename '" + name + "' (must be a plain name)");
      }
      names.add(name);
    }
    if (names.isEmpty()) {
      throw new InvalidShardException("Cannot read " + path + ": it names no _data_files");
    }
    return names;
  }

  /** Says more than a bare path. */
  static String reason(IOException e) {
    if (e instanceof JsonProcessingException json) {
      return "not JSON: " + json.getOriginalMessage();
    }
    return e instanceof NoSuchFileException ? "no such file" : e.getMessage();
  }
}
