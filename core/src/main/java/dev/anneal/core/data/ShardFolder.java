package dev.anneal.core.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.io.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One local folder in the layout of {@code datasets.save_to_disk}, with our manifest or, where that
 * is allowed, without. Immutable and thread-safe.
 */
final class ShardFolder {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final Optional<ShardManifest> manifest;
  private final List<ShardFile> files;

  private ShardFolder(Path folder, Optional<ShardManifest> manifest, List<ShardFile> files) {
    this.folder = folder;
    this.manifest = manifest;
    this.files = List.copyOf(files);
  }

  static ShardFolder open(Path folder, ShardOptions options) {
    requireDataset(folder);
    Optional<ShardManifest> manifest = readManifest(folder);
    if (manifest.isEmpty() && !options.allowForeign()) {
      throw new ConfigException(
          "Invalid data folder: "
              + folder
              + " has no "
              + ShardManifest.PATH
              + " (not finished, or not made by anneal tokenize; set data.allow_foreign = true to"
              + " train on other data sets)");
    }
    manifest.ifPresent(made -> requireArrow(folder, made));
    List<String> names = fileNames(folder);
    if (manifest.isPresent()) {
      compare(folder, names, manifest.get(), options);
    }
    List<ShardFile> files = new ArrayList<>();
    for (String name : names) {
      files.add(ShardFile.open(folder.resolve(name), options.vocabularySize()));
    }
    ShardFolder opened = new ShardFolder(folder, manifest, files);
    opened.compareRows();
    return opened;
  }

  private static void requireDataset(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new ConfigException("Cannot find data folder: " + folder);
    }
    if (Files.exists(folder.resolve("dataset_dict.json"))) {
      throw new ConfigException(
          "Invalid data folder: "
              + folder
              + " holds a DatasetDict (name the folder of one split, such as "
              + folder.resolve("train")
              + ")");
    }
  }

  private static Optional<ShardManifest> readManifest(Path folder) {
    Path path = folder.resolve(ShardManifest.PATH);
    if (!Files.exists(path)) {
      return Optional.empty();
    }
    try {
      return Optional.of(ShardManifestParser.fromJson(Files.readString(path)));
    } catch (IOException | IllegalArgumentException e) {
      throw new InvalidShardException("Cannot read " + path + ": " + e.getMessage(), e);
    }
  }

  private static void requireArrow(Path folder, ShardManifest manifest) {
    if (manifest.shards().isEmpty()) {
      throw new ConfigException(
          "Invalid data folder: "
              + folder
              + " holds no Arrow shards, only "
              + manifest.outputs().stream().map(ShardManifest.Output::format).toList()
              + " (tokenize with arrow in tokenize.outputs)");
    }
  }

  private static List<String> fileNames(Path folder) {
    Path path = folder.resolve("state.json");
    JsonNode state;
    try {
      state = JSON.readTree(Files.readString(path));
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

  private static String reason(IOException e) {
    if (e instanceof JsonProcessingException json) {
      return "not JSON: " + json.getOriginalMessage();
    }
    return e instanceof NoSuchFileException ? "no such file" : e.getMessage();
  }

  private static void compare(
      Path folder, List<String> names, ShardManifest manifest, ShardOptions options) {
    List<String> expected = manifest.shards().stream().map(ShardManifest.Shard::file).toList();
    if (!names.equals(expected)) {
      throw new InvalidShardException(
          "Invalid data folder: " + folder + " (state.json lists other files than the manifest)");
    }
    for (ShardManifest.Shard shard : manifest.shards()) {
      Path path = folder.resolve(shard.file());
      try {
        long bytes = Files.size(path);
        if (bytes != shard.bytes()) {
          throw new InvalidShardException(
              "Cannot read " + path + ": " + bytes + " bytes (manifest: " + shard.bytes() + ")");
        }
        if (options.verifyChecksums() && !Sha256.of(path).equals(shard.sha256())) {
          throw new InvalidShardException(
              "Cannot read " + path + ": its sha256 differs from the manifest's");
        }
      } catch (IOException e) {
        throw new InvalidShardException("Cannot read " + path + ": " + reason(e), e);
      }
    }
  }

  private void compareRows() {
    if (manifest.isEmpty()) {
      return;
    }
    for (int i = 0; i < files.size(); i++) {
      ShardManifest.Shard shard = manifest.get().shards().get(i);
      if (files.get(i).rowCount() != shard.counts().rows()) {
        throw new InvalidShardException(
            "Cannot read "
                + files.get(i).path()
                + ": "
                + files.get(i).rowCount()
                + " rows (manifest: "
                + shard.counts().rows()
                + ")");
      }
    }
  }

  Path path() {
    return folder;
  }

  Optional<ShardManifest> manifest() {
    return manifest;
  }

  List<ShardFile> files() {
    return files;
  }

  long rowCount() {
    return files.stream().mapToLong(ShardFile::rowCount).sum();
  }

  /** Whether rows hold several samples each. */
  boolean packed() {
    return files.stream().anyMatch(file -> file.columns().contains(ShardColumns.SEQUENCE_LENGTHS));
  }

  /** The manifest's hash; for a foreign folder all bytes are read to make one. */
  String contentHash() {
    if (manifest.isPresent()) {
      return manifest.get().contentHash();
    }
    StringBuilder lines = new StringBuilder();
    for (ShardFile file : files) {
      try {
        lines.append(file.path().getFileName()).append(' ').append(Sha256.of(file.path()));
        lines.append('\n');
      } catch (IOException e) {
        throw new InvalidShardException("Cannot read " + file.path() + ": " + e.getMessage(), e);
      }
    }
    return ShardManifest.sha256(lines.toString());
  }
}
