package dev.anneal.jobs.io;

import dev.anneal.core.io.Abortable;
import java.io.IOException;
import java.io.OutputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;

/**
 * A remote file that takes its place at close: renamed, or written in place where the store shows
 * files only once they are complete. After a failed write or {@link #abort} nothing is published.
 * One thread.
 */
final class HadoopFileOutput extends OutputStream implements Abortable {
  private final HadoopFileStore store;
  private final FileSystem fileSystem;
  private final Path written;
  private final Path target;
  private final FSDataOutputStream out;
  private boolean failed;
  private boolean closed;

  HadoopFileOutput(HadoopFileStore store, FileSystem fileSystem, Path written, Path target)
      throws IOException {
    this.store = store;
    this.fileSystem = fileSystem;
    this.written = written;
    this.target = target;
    this.out = fileSystem.create(written, true);
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      failed = true;
      throw new IOException("Cannot write " + target + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  @Override
  public void abort() {
    failed = true;
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    if (failed) {
      discard();
      return;
    }
    try {
      out.close();
    } catch (IOException e) {
      throw new IOException("Cannot write " + target + ": " + e.getMessage(), e);
    }
    if (!written.equals(target)) {
      store.rename(written, target);
    }
  }

  private void discard() throws IOException {
    if (out.hasCapability(StreamCapabilities.ABORTABLE_STREAM)) {
      out.abort();
      return;
    }
    try {
      out.close();
    } finally {
      fileSystem.delete(written, false);
    }
  }
}
