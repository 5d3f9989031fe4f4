package dev.anneal.jobs.read;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.ConfigException;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Folders that {@code datasets.save_to_disk} wrote, among the files of an input: only the shards
 * that their {@code state.json} lists are data, not what describes them nor what {@code map} cached
 * beside them. Stateless.
 */
public final class SavedDatasets {
  private static final String STATE = "state.json";
  private static final String INFO = "dataset_info.json";
  private static final String SPLITS = "dataset_dict.json";

  private SavedDatasets() {}

  /** The files that are data; all of them where there is no such folder. */
  public static List<FoundFile> data(HadoopFileStore store, List<FoundFile> files)
      throws IOException {
    Set<String> described = new HashSet<>();
    for (FoundFile file : files) {
      if (file.name().equals(INFO)) {
        described.add(file.folder());
      }
    }
    Map<String, Set<String>> shards = new HashMap<>();
    Set<String> splits = new HashSet<>();
    for (FoundFile file : files) {
      if (file.name().equals(STATE) && described.contains(file.folder())) {
        shards.put(file.folder(), shards(store, file));
        splits.add(above(file.folder()) + "/" + SPLITS);
      }
    }
    return shards.isEmpty()
        ? files
        : files.stream().filter(file -> isData(file, shards, splits)).toList();
  }

  private static String above(String folder) {
    return folder.substring(0, Math.max(0, folder.lastIndexOf('/')));
  }

  private static boolean isData(
      FoundFile file, Map<String, Set<String>> shards, Set<String> splits) {
    Set<String> listed = shards.get(file.folder());
    return listed == null ? !splits.contains(file.path()) : listed.contains(file.name());
  }

  private static Set<String> shards(HadoopFileStore store, FoundFile state) throws IOException {
    Set<String> names = new HashSet<>();
    try (InputStream in = store.open(state.uri())) {
      for (JsonNode file : new ObjectMapper().readTree(in).path("_data_files")) {
        names.add(file.path("filename").asText());
      }
    } catch (JsonProcessingException e) {
      throw new ConfigException("Cannot read " + state.uri() + ": " + e.getOriginalMessage(), e);
    }
    return names;
  }
}
