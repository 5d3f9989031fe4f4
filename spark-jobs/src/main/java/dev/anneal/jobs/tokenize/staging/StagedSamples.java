package dev.anneal.jobs.tokenize.staging;

import dev.anneal.jobs.io.HadoopFileStore;
import java.io.IOException;
import java.util.List;

/**
 * Reads staged samples that are asked for in the order of files and offsets: one file is open at a
 * time and is read forwards. Confined to one thread.
 */
public final class StagedSamples implements AutoCloseable {
  private static final long FORWARD_BYTES = 1 << 20;

  private final HadoopFileStore store;
  private final List<String> paths;
  private int path = -1;
  private IntFileInput in;
  private long position;
  private long lastOffset = -1;
  private int[] last = new int[0];

  public StagedSamples(HadoopFileStore store, List<String> paths) {
    this.store = store;
    this.paths = paths;
  }

  /** A sample's ids followed by its labels; the array may be shared between calls. */
  public int[] read(int newPath, long offset, int length) throws IOException {
    if (newPath == path && offset == lastOffset) {
      return last;
    }
    boolean near = newPath == path && offset >= position && offset - position < FORWARD_BYTES;
    if (!near) {
      close();
      in = new IntFileInput(store.openAt(paths.get(newPath), offset));
      position = offset;
    }
    int gap = (int) ((offset - position) / Integer.BYTES);
    in.read(new int[gap], 0, gap);
    last = new int[2 * length];
    in.read(last, 0, last.length);
    path = newPath;
    lastOffset = offset;
    position = offset + (long) last.length * Integer.BYTES;
    return last;
  }

  @Override
  public void close() throws IOException {
    if (in != null) {
      in.close();
      in = null;
    }
  }
}
