package dev.anneal.jobs.tokenize.write;

import dev.anneal.core.io.Abortable;
import dev.anneal.core.io.FileStore;
import dev.anneal.data.shard.ShardFileCreator;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The files that one attempt of a task writes: under names of their own in the staging folder until
 * {@link #publish} moves them to their places. Closing without that gives them up. Confined to one
 * thread.
 */
final class TaskFiles implements ShardFileCreator, AutoCloseable {
  private final HadoopFileStore store;
  private final String folder;
  private final String stagingFolder;
  private final List<Written> files = new ArrayList<>();
  private boolean published;

  TaskFiles(HadoopFileStore store, String folder, String stagingFolder) {
    this.store = store;
    this.folder = folder;
    this.stagingFolder = stagingFolder;
  }

  /** A file, where it is written and where it belongs. */
  private record Written(OutputStream out, String temporary, String target) {}

  @Override
  public OutputStream create(String name) throws IOException {
    String target = FileStore.join(folder, name);
    String temporary =
        store.appearsAtClose(target)
            ? target
            : FileStore.join(stagingFolder, UUID.randomUUID() + ".tmp");
    OutputStream out = store.create(temporary);
    files.add(new Written(out, temporary, target));
    return out;
  }

  /** Ends all files and puts them in their places. */
  void publish() throws IOException {
    for (Written file : files) {
      file.out().close();
    }
    for (Written file : files) {
      if (!file.temporary().equals(file.target())) {
        store.move(file.temporary(), file.target());
      }
    }
    published = true;
  }

  @Override
  public void close() throws IOException {
    if (published) {
      return;
    }
    for (Written file : files) {
      if (file.out() instanceof Abortable abortable) {
        abortable.abort();
      }
      file.out().close();
    }
  }
}
