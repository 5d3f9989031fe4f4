package dev.anneal.jobs.corpus;

import dev.anneal.core.config.Redaction;
import dev.anneal.data.config.InputConfig;
import java.io.Serializable;

/**
 * One file of a corpus.
 *
 * @param input index of the input it belongs to
 * @param uri what Hadoop opens
 * @param path its path below the input's, which orders the files
 * @param display its path as the user would write it
 * @param format never AUTO
 */
public record CorpusFile(
    int input,
    String uri,
    String path,
    String display,
    long bytes,
    long modifiedMillis,
    InputConfig.Format format)
    implements Serializable {
  public CorpusFile {
    display = Redaction.text(display);
  }
}
