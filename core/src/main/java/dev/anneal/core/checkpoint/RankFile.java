package dev.anneal.core.checkpoint;

import dev.anneal.core.format.FormatException;
import dev.anneal.core.format.HuggingFaceJson;
import java.util.HashSet;
import java.util.List;

/**
 * What a rank has written: the manifest's entry of its file.
 *
 * @param name file name within the checkpoint's folder
 * @param elements length of each tensor
 * @param kinds the tensors the file holds
 * @param slices which elements of which parameters lie where
 */
public record RankFile(
    String name,
    int rank,
    long bytes,
    String sha256,
    long elements,
    List<StateKind> kinds,
    List<StateSlice> slices) {
  public RankFile {
    if (name.isEmpty() || name.contains("/") || name.contains("\\") || name.startsWith(".")) {
      throw new IllegalArgumentException("Invalid file: '" + name + "' (must be a plain name)");
    }
    kinds = List.copyOf(kinds);
    slices = List.copyOf(slices);
    if (new HashSet<>(kinds).size() != kinds.size()) {
      throw new IllegalArgumentException(
          "Invalid tensors of " + name + ": " + kinds + " (each once)");
    }
    for (StateSlice slice : slices) {
      if (slice.fileOffset() + slice.length() > elements) {
        throw new IllegalArgumentException(
            "Invalid slice of "
                + slice.parameter()
                + ": ends at "
                + (slice.fileOffset() + slice.length())
                + " of "
                + elements
                + " elements in "
                + name);
      }
    }
  }

  /** The JSON in which a rank reports its file to the driver. */
  public byte[] toJson() {
    return HuggingFaceJson.render(ManifestJson.node(this));
  }

  /** Reads {@link #toJson}. */
  public static RankFile fromJson(byte[] json) throws FormatException {
    return ManifestJson.parseRankFile(json);
  }
}
