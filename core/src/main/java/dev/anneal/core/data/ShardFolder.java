package dev.anneal.core.data;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One folder in the layout of {@code datasets.save_to_disk}, with our manifest or, where that is
 * allowed, without. Of files of elsewhere nothing is read at opening but the two lists of them, and
 * their headers where no manifest says what they hold. Thread-safe; owns the files.
 */
final class ShardFolder implements AutoCloseable {
  private final ShardFiles folder;
  private final Optional<ShardManifest> manifest;
  private final List<Shard> shards;
  private final OpenShards open;

  private ShardFolder(
      ShardFiles folder, Optional<ShardManifest> manifest, List<Shard> shards, OpenShards open) {
    this.folder = folder;
    this.manifest = manifest;
    this.shards = List.copyOf(shards);
    this.open = open;
  }

  /** Takes the files over once it has succeeded. */
  static ShardFolder open(ShardFiles folder, ShardOptions options) {
    try {
      return opened(folder, options);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + folder.folder() + ": " + e.getMessage(), e);
    }
  }

  private static ShardFolder opened(ShardFiles folder, ShardOptions options) throws IOException {
    requireDataset(folder);
    Optional<ShardManifest> manifest = readManifest(folder);
    if (manifest.isEmpty() && !options.allowForeign()) {
      throw new ConfigException(
          "Invalid data folder: "
              + folder.folder()
              + " has no "
              + ShardManifest.PATH
              + " (not finished, or not made by anneal tokenize; set data.allow_foreign = true to"
              + " train on other data sets)");
    }
    manifest.ifPresent(made -> requireArrow(folder, made));
    List<String> names = DatasetState.fileNames(folder);
    if (manifest.isPresent()) {
      compare(folder, names, manifest.get(), options);
    }
    OpenShards open = new OpenShards(folder, options.vocabularySize());
    List<Shard> shards = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      Optional<Path> inPlace = folder.inPlace(name);
      shards.add(
          inPlace.isPresent()
              ? ShardFile.open(inPlace.get(), options.vocabularySize())
              : FetchedShard.of(open, name, PromisedShard.of(manifest, i)));
    }
    ShardFolder opened = new ShardFolder(folder, manifest, shards, open);
    opened.compareRows();
    return opened;
  }

  private static void requireDataset(ShardFiles folder) throws IOException {
    if (!folder.present()) {
      throw new ConfigException("Cannot find data folder: " + folder.folder());
    }
    if (folder.exists("dataset_dict.json")) {
      throw new ConfigException(
          "Invalid data folder: "
              + folder.folder()
              + " holds a DatasetDict (name the folder of one split, such as "
              + FileStore.join(folder.folder(), "train")
              + ")");
    }
  }

  private static Optional<ShardManifest> readManifest(ShardFiles folder) throws IOException {
    if (!folder.exists(ShardManifest.PATH)) {
      return Optional.empty();
    }
    String path = path(folder, ShardManifest.PATH);
    try {
      String json = new String(folder.read(ShardManifest.PATH), StandardCharsets.UTF_8);
      return Optional.of(ShardManifestParser.fromJson(json));
    } catch (IOException | IllegalArgumentException e) {
      throw new InvalidShardException("Cannot read " + path + ": " + e.getMessage(), e);
    }
  }

  private static String path(ShardFiles folder, String file) {
    return FileStore.join(folder.folder(), file);
  }

  private static void requireArrow(ShardFiles folder, ShardManifest manifest) {
    if (manifest.shards().isEmpty()) {
      throw new ConfigException(
          "Invalid data folder: "
              + folder.folder()
              + " holds no Arrow shards, only "
              + manifest.outputs().stream().map(ShardManifest.Output::format).toList()
              + " (tokenize with arrow in tokenize.outputs)");
    }
  }

  private static void compare(
      ShardFiles folder, List<String> names, ShardManifest manifest, ShardOptions options) {
    List<String> expected = manifest.shards().stream().map(ShardManifest.Shard::file).toList();
    if (!names.equals(expected)) {
      throw new InvalidShardException(
          "Invalid data folder: "
              + folder.folder()
              + " (state.json lists other files than the manifest)");
    }
    for (ShardManifest.Shard shard : manifest.shards()) {
      String path = path(folder, shard.file());
      try {
        long bytes = folder.size(shard.file());
        if (bytes != shard.bytes()) {
          throw new InvalidShardException(
              "Cannot read " + path + ": " + bytes + " bytes (manifest: " + shard.bytes() + ")");
        }
        if (options.verifyChecksums() && !folder.sha256(shard.file()).equals(shard.sha256())) {
          throw new InvalidShardException(
              "Cannot read " + path + ": its sha256 differs from the manifest's");
        }
      } catch (IOException e) {
        throw new InvalidShardException("Cannot read " + path + ": " + DatasetState.reason(e), e);
      }
    }
  }

  private void compareRows() {
    if (manifest.isEmpty()) {
      return;
    }
    for (int i = 0; i < shards.size(); i++) {
      requireRows(
          shards.get(i).name(),
          shards.get(i).rowCount(),
          manifest.get().shards().get(i).counts().rows());
    }
  }

  static void requireRows(String name, long rows, long promised) {
    if (rows != promised) {
      throw new InvalidShardException(
          "Cannot read " + name + ": " + rows + " rows (manifest: " + promised + ")");
    }
  }

  String path() {
    return folder.folder();
  }

  Optional<ShardManifest> manifest() {
    return manifest;
  }

  List<Shard> shards() {
    return shards;
  }

  long bytes(String file) {
    try {
      return folder.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot read " + path(folder, file) + ": " + e.getMessage(), e);
    }
  }

  long rowCount() {
    return shards.stream().mapToLong(Shard::rowCount).sum();
  }

  /** Whether rows hold several samples each. */
  boolean packed() {
    return shards.stream().anyMatch(file -> file.columns().contains(ShardColumns.SEQUENCE_LENGTHS));
  }

  /** The manifest's hash; for a foreign folder all bytes are read to make one. */
  String contentHash() {
    if (manifest.isPresent()) {
      return manifest.get().contentHash();
    }
    StringBuilder lines = new StringBuilder();
    for (String name : DatasetState.fileNames(folder)) {
      try {
        lines.append(name).append(' ').append(folder.sha256(name)).append('\n');
      } catch (IOException e) {
        throw new InvalidShardException(
            "Cannot read " + path(folder, name) + ": " + e.getMessage(), e);
      }
    }
    return ShardManifest.sha256(lines.toString());
  }

  /** Closes what was fetched; mappings go when nothing refers to them. */
  @Override
  public void close() {
    try (folder) {
      open.close();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot close " + path() + ": " + e.getMessage(), e);
    }
  }
}
