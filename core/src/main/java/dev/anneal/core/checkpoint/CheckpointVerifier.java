package dev.anneal.core.checkpoint;

import dev.anneal.core.format.FormatException;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;

/** Reads a checkpoint's manifest and holds the files beside it against it. Thread-safe. */
final class CheckpointVerifier {
  /** How closely to look. */
  enum Depth {
    /** Every file is there with its size. */
    SIZES,
    /** Every file is read as a whole. */
    CHECKSUMS
  }

  private final FileStore store;

  CheckpointVerifier(FileStore store) {
    this.store = store;
  }

  /** The checkpoint in a folder; {@link FormatException} says why there is none. */
  Checkpoint verify(String folder, Depth depth) throws IOException {
    Map<String, Long> sizes = new HashMap<>();
    for (FileEntry entry : store.list(folder)) {
      sizes.put(entry.name(), entry.sizeBytes());
    }
    if (!sizes.containsKey(CheckpointLayout.MANIFEST)) {
      throw new FormatException("no manifest.json: it was never committed");
    }
    String manifestPath = FileStore.join(folder, CheckpointLayout.MANIFEST);
    CheckpointManifest manifest =
        ManifestJson.parse(store.readBytes(manifestPath), CheckpointLayout.MANIFEST);
    for (RankFile file : manifest.files()) {
      checkSize(file, sizes.get(file.name()));
    }
    if (depth == Depth.CHECKSUMS) {
      for (RankFile file : manifest.files()) {
        checkBytes(folder, file);
      }
    }
    return new Checkpoint(folder, manifest);
  }

  static void checkSize(RankFile file, Long size) throws FormatException {
    if (size == null) {
      throw new FormatException(file.name() + " is missing");
    }
    if (size != file.bytes()) {
      throw new FormatException(
          file.name() + " has " + size + " bytes (expected " + file.bytes() + ")");
    }
  }

  void checkBytes(String folder, RankFile file) throws IOException {
    try (InputStream in = store.open(FileStore.join(folder, file.name()))) {
      if (!Sha256.of(in).equals(file.sha256())) {
        throw new FormatException(file.name() + " does not match its checksum");
      }
    }
  }
}
