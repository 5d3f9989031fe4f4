package dev.anneal.jobs.tokenize.staging;

import dev.anneal.core.io.FileStore;
import dev.anneal.data.tokenize.IdSink;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.task.TaskMeter;
import dev.anneal.jobs.tokenize.tally.BadRow;
import dev.anneal.jobs.tokenize.tally.EncodedSample;
import dev.anneal.jobs.tokenize.tally.Phase;
import dev.anneal.jobs.tokenize.tally.PhaseClock;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The staged files of one attempt at a split, under names of their own, so that a second attempt
 * never meets the first. They count once their {@link SplitMarker} is written; closing without that
 * removes them. Confined to one thread.
 */
public final class StagedOutput implements IdSink, AutoCloseable {
  private final HadoopFileStore store;
  private final PhaseClock clock;
  private final String path;
  private final CheckedFile idFile;
  private final CheckedFile indexFile;
  private final IntFileOutput ids;
  private final DocumentIndexOutput index;
  private Optional<CheckedFile> badFile = Optional.empty();
  private long openTokens;
  private long documents;
  private boolean committed;

  /**
   * @param name what the attempts at one piece of work share
   */
  public StagedOutput(HadoopFileStore store, String folder, String name, PhaseClock clock)
      throws IOException {
    this.store = store;
    this.clock = clock;
    this.path = FileStore.join(folder, "split-%s-%s".formatted(name, UUID.randomUUID()));
    this.idFile = create("");
    this.indexFile = create(StagedFile.indexPath(""));
    this.ids = new IntFileOutput(idFile);
    this.index = new DocumentIndexOutput(indexFile);
  }

  private CheckedFile create(String suffix) throws IOException {
    return new CheckedFile(path + suffix, store.createUnmarked(path + suffix));
  }

  public String path() {
    return path;
  }

  /** Tokens of the document that is not ended yet. */
  public long openTokens() {
    return openTokens;
  }

  @Override
  public void accept(int[] values, int count) throws IOException {
    openTokens += count;
    write(values, count);
  }

  /** Takes a sample with labels. */
  public void accept(EncodedSample.Tokens sample) throws IOException {
    accept(sample.ids(), sample.ids().length);
    write(sample.labels(), sample.labels().length);
  }

  private void write(int[] values, int count) throws IOException {
    boolean writes = ids.isFullWith(count);
    if (writes) {
      clock.lap(Phase.TOKENIZE);
    }
    ids.write(values, count);
    if (writes) {
      clock.lap(Phase.STAGE);
    }
  }

  public void endDocument(int slice, long row) throws IOException {
    index.write(new StagedDocument(slice, row, openTokens));
    documents++;
    openTokens = 0;
  }

  public void bad(BadRow row) throws IOException {
    if (badFile.isEmpty()) {
      badFile = Optional.of(create(StagedFile.badPath("")));
    }
    badFile.get().write(row.toLine());
  }

  /** Ends the files. */
  public void finish() throws IOException {
    clock.lap(Phase.TOKENIZE);
    ids.flush();
    index.flush();
    closeFiles();
    clock.lap(Phase.STAGE);
    TaskMeter.ofThread().wrote(idFile.check().bytes() + indexFile.check().bytes(), documents);
  }

  private void closeFiles() throws IOException {
    try (CheckedFile one = idFile;
        CheckedFile two = indexFile) {
      if (badFile.isPresent()) {
        badFile.get().close();
      }
    }
  }

  /** Makes the finished files count, for this run and those after it. */
  public void commit(CorpusSplit split, StagedSplit staged) throws IOException {
    if (!store.exists(path)) { // a late attempt must not make the folder of a finished job again
      throw new IOException("Cannot stage " + path + ": the folder was removed");
    }
    Map<String, CheckedFile.Check> files = new TreeMap<>();
    files.put("", idFile.check());
    files.put(StagedFile.indexPath(""), indexFile.check());
    badFile.ifPresent(file -> files.put(StagedFile.badPath(""), file.check()));
    new SplitMarker(split.work(), files, staged).write(store);
    committed = true;
  }

  /** Leaves the finished files as they are, for this run only. */
  public void keep() {
    committed = true;
  }

  @Override
  public void close() throws IOException {
    if (committed) {
      return;
    }
    closeFiles();
    store.delete(path);
    store.delete(StagedFile.indexPath(path));
    if (badFile.isPresent()) {
      store.delete(StagedFile.badPath(path));
    }
  }
}
