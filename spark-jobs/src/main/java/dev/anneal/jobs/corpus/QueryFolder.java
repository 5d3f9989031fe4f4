package dev.anneal.jobs.corpus;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import dev.anneal.data.config.InputConfig;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The rows of a query in the staging folder: files under names of their own, and a marker beside
 * the folder that lists those that count, written last. A run that comes after a killed one finds
 * the same files, so that splits made of them count too. Runs on the driver, one thread.
 *
 * @param index of the input
 */
record QueryFolder(HadoopFileStore store, String staging, int index) {
  private static final String MARKER_SUFFIX = ".done";

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** One file, by its name within the folder. */
  record Part(String name, long bytes) {}

  /** What the folder holds, and the rows that were asked for. */
  record Marker(ShardManifest.Input rows, List<Part> parts) {}

  private String path() {
    return FileStore.join(staging, "query-" + index);
  }

  /** The files in the order of their rows; written unless they are there already. */
  List<CorpusFile> files(QueryRows query) throws IOException {
    ShardManifest.Input rows = query.fingerprint();
    Optional<Marker> whole = whole(rows);
    List<Part> parts = whole.isPresent() ? whole.get().parts() : write(query, rows);
    List<CorpusFile> files = new ArrayList<>();
    for (Part part : parts) {
      String file = FileStore.join(path(), part.name());
      files.add(
          new CorpusFile(
              index, file, part.name(), file, part.bytes(), 0, InputConfig.Format.JSONL));
    }
    return files;
  }

  private Optional<Marker> whole(ShardManifest.Input rows) throws IOException {
    String marker = path() + MARKER_SUFFIX;
    if (!store.exists(marker)) {
      return Optional.empty();
    }
    try {
      Marker found = JSON.readValue(store.readBytes(marker), Marker.class);
      Set<Part> there = new HashSet<>();
      for (FileEntry entry : store.list(path())) {
        there.add(new Part(entry.name(), entry.sizeBytes()));
      }
      boolean same = rows.equals(found.rows()) && there.containsAll(found.parts());
      return same ? Optional.of(found) : Optional.empty();
    } catch (JacksonException e) {
      return Optional.empty(); // damaged: written again
    }
  }

  private List<Part> write(QueryRows query, ShardManifest.Input rows) throws IOException {
    String marker = path() + MARKER_SUFFIX;
    store.delete(marker);
    store.delete(path());
    List<Part> parts = query.write(store, path());
    Set<String> names = new HashSet<>();
    parts.forEach(part -> names.add(part.name()));
    for (FileEntry entry : store.list(path())) {
      if (!names.contains(entry.name())) { // of a task that failed
        store.delete(entry.path());
      }
    }
    store.writeBytes(marker, JSON.writeValueAsBytes(new Marker(rows, parts)));
    return parts;
  }
}
