package dev.anneal.jobs.tokenize.staging;

import dev.anneal.jobs.tokenize.tally.BadRow;
import java.io.Serializable;

/** A staged file and the tokens it holds. */
public record StagedFile(String path, long tokens) implements Serializable {
  /** Where the documents of a staged file are listed, see {@link DocumentIndexOutput}. */
  public static String indexPath(String path) {
    return path + ".documents";
  }

  /** Where the bad rows of its split are, see {@link BadRow}; there is none without any. */
  public static String badPath(String path) {
    return path + ".bad";
  }

  /** What says that it is whole, see {@link SplitMarker}. */
  static String markerPath(String path) {
    return path + StagingFolder.MARKER_SUFFIX;
  }
}
