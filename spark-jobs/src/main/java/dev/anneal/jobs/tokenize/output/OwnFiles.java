package dev.anneal.jobs.tokenize.output;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which files of an output folder a tokenize job made, by their names: a folder of a format is ours
 * only if everything in it is. Stateless beside its store.
 */
record OwnFiles(FileStore store) {
  private static final Pattern ARROW = Pattern.compile("data-\\d{5,}-of-\\d{5,}\\.arrow");
  private static final Set<String> DATASET = Set.of("state.json", "dataset_info.json");
  private static final Map<String, Pattern> FORMATS =
      Map.of(
          "parquet", Pattern.compile("data-\\d{5,}-of-\\d{5,}\\.parquet"),
          "megatron", Pattern.compile("data-\\d{5,}-of-\\d{5,}\\.(bin|idx)"),
          "datatrove", Pattern.compile("data-\\d{5,}-of-\\d{5,}\\.ds(\\.(index|loss|metadata))?"),
          "mds", Pattern.compile("shard\\.\\d{5,}\\.\\d{5,}\\.mds|index\\.json"));

  /** Whether a child of an output folder is ours. */
  boolean contains(FileEntry entry) throws IOException {
    String name = entry.name();
    if (!entry.folder()) {
      return DATASET.contains(name) || ARROW.matcher(name).matches();
    }
    if (!FORMATS.containsKey(name)) {
      return name.equals(ShardManifest.FOLDER);
    }
    for (FileEntry file : store.list(entry.path())) {
      if (file.folder() || !FORMATS.get(name).matcher(file.name()).matches()) {
        return false;
      }
    }
    return true;
  }
}
