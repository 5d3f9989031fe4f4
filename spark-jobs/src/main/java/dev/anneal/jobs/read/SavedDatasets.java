package dev.anneal.jobs.read;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

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
  public static <T extends FileStatus> List<T> data(FileSystem fileSystem, List<T> files)
      throws IOException {
    Set<Path> all = new HashSet<>();
    files.forEach(file -> all.add(file.getPath()));
    Map<Path, Set<String>> shards = new TreeMap<>();
    Set<Path> splits = new HashSet<>();
    for (Path file : all) {
      Path folder = file.getParent();
      if (file.getName().equals(STATE) && all.contains(new Path(folder, INFO))) {
        shards.put(folder, shards(fileSystem, file));
        splits.add(new Path(folder.getParent(), SPLITS));
      }
    }
    return files.stream().filter(file -> isData(file.getPath(), shards, splits)).toList();
  }

  private static boolean isData(Path file, Map<Path, Set<String>> shards, Set<Path> splits) {
    Set<String> listed = shards.get(file.getParent());
    return listed == null ? !splits.contains(file) : listed.contains(file.getName());
  }

  private static Set<String> shards(FileSystem fileSystem, Path state) throws IOException {
    Set<String> names = new HashSet<>();
    try (InputStream in = fileSystem.open(state)) {
      for (JsonNode file : new ObjectMapper().readTree(in).path("_data_files")) {
        names.add(file.path("filename").asText());
      }
    } catch (JsonProcessingException e) {
      throw new ConfigException("Cannot read " + state + ": " + e.getOriginalMessage(), e);
    }
    return names;
  }
}
