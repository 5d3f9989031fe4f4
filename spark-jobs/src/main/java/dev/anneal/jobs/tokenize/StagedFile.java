package dev.anneal.jobs.tokenize;

import java.io.Serializable;

/** A staged file and the tokens it holds. */
record StagedFile(String path, long tokens) implements Serializable {
  /** Where the documents of a staged file are listed, see {@link DocumentIndexOutput}. */
  static String indexPath(String path) {
    return path + ".documents";
  }
}
