package dev.anneal.jobs.export;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Refuses folders that an export must not write into. */
final class ExportFolder {
  private static final String RESULT = "result.json";
  // The class of an export that was refused, perhaps because the folder is somebody else's.
  private static final String REFUSED = "config";

  private ExportFolder() {}

  /**
   * Accepts a folder that is absent, empty, or holds an export, also one cut short.
   *
   * @throws ConfigException when it holds something else
   */
  static void require(FileStore store, String folder) throws IOException {
    boolean ours = false;
    Optional<String> other = Optional.empty();
    for (FileEntry entry : store.list(folder)) {
      if (entry.name().equals(RESULT)) {
        ours = isOfExport(store, entry.path());
      } else if (other.isEmpty()) {
        other = Optional.of(entry.name());
      }
    }
    if (other.isPresent() && !ours) {
      throw new ConfigException(
          "Invalid export.output: "
              + folder
              + " (holds something else, such as "
              + other.get()
              + "; choose a folder that is empty or does not exist)");
    }
  }

  /** Marks the folder, so that a retry knows what a killed export left there. */
  static void claim(FileStore store, String folder) throws IOException {
    byte[] mark =
        "{\"job\": \"export\", \"status\": \"running\"}\n".getBytes(StandardCharsets.UTF_8);
    store.writeBytes(FileStore.join(folder, RESULT), mark);
  }

  /**
   * @throws ConfigException when the folder is the one that an input is read from
   */
  static void requireApart(HadoopFileStore store, String folder, String input, String key)
      throws IOException {
    if (!input.isEmpty() && place(store, folder).equals(place(store, input))) {
      throw new ConfigException(
          "Invalid export.output: " + folder + " (is " + key + "; choose another folder)");
    }
  }

  private static String place(HadoopFileStore store, String folder) throws IOException {
    Optional<Path> local = store.localPath(folder);
    if (local.isEmpty()) {
      return folder.replaceAll("/+$", "");
    }
    return Files.exists(local.get())
        ? local.get().toRealPath().toString()
        : local.get().normalize().toString();
  }

  private static boolean isOfExport(FileStore store, String path) throws IOException {
    JsonNode result;
    try {
      result = new ObjectMapper().readTree(store.readBytes(path));
    } catch (JsonProcessingException e) {
      return false; // somebody else's file of that name
    }
    return result.path("job").asText().equals("export")
        && !result.path("exit_class").asText().equals(REFUSED);
  }
}
