package dev.anneal.jobs.tokenize.staging;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.Optional;

/**
 * Written last beside a staged split: it is whole, and this is what it holds. A run that comes
 * after a killed one takes such splits as they are, once their bytes are found to be those that
 * were written.
 *
 * @param work hash of what was to be done, so that another cut of the corpus is not taken for it
 * @param files checks of the staged files by their suffix
 */
public record SplitMarker(String work, Map<String, CheckedFile.Check> files, StagedSplit split) {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  void write(HadoopFileStore store) throws IOException {
    // A reader has the path already, which may hold a secret.
    SplitMarker anywhere = new SplitMarker(work, files, split.at(""));
    store.writeBytes(StagedFile.markerPath(split.path()), JSON.writeValueAsBytes(anywhere));
  }

  /** The split of an earlier run, or empty when it is not this work or not whole. */
  public static Optional<StagedSplit> reuse(HadoopFileStore store, String path, CorpusSplit wanted)
      throws IOException {
    try {
      byte[] json = store.readBytes(StagedFile.markerPath(path));
      SplitMarker marker = JSON.readValue(json, SplitMarker.class);
      boolean whole = marker.work().equals(wanted.work());
      for (Map.Entry<String, CheckedFile.Check> file : marker.files().entrySet()) {
        whole = whole && file.getValue().equals(check(store, path + file.getKey()));
      }
      return whole ? Optional.of(marker.split().reusedAs(wanted.index(), path)) : Optional.empty();
    } catch (NoSuchFileException | JacksonException e) {
      return Optional.empty(); // damaged: made again
    }
  }

  private static CheckedFile.Check check(HadoopFileStore store, String path) throws IOException {
    try (InputStream in = store.open(path)) {
      return CheckedFile.Check.of(in);
    }
  }
}
