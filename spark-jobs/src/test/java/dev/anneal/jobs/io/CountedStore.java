package dev.anneal.jobs.io;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.Path;

/**
 * An object store that keeps its files in a local folder and counts the bytes read of each. Its
 * scheme is no other test's: Hadoop keeps one file system for each.
 */
public final class CountedStore extends HadoopFileStoreTest.Remote {
  /** Hadoop makes the file system, so that a test cannot hold on to it. */
  private static final Map<String, Long> READ = new ConcurrentHashMap<>();

  public CountedStore() {
    super("obs");
  }

  /** Bytes read of every file so far, by its local path. */
  public static Map<String, Long> read() {
    return Map.copyOf(READ);
  }

  public static void forget() {
    READ.clear();
  }

  @Override
  public FSDataInputStream open(Path path, int buffer) throws IOException {
    return new FSDataInputStream(new Counted(path.toUri().getPath(), super.open(path, buffer)));
  }

  private static final class Counted extends FSInputStream {
    private final String path;
    private final FSDataInputStream in;

    Counted(String path, FSDataInputStream in) {
      this.path = path;
      this.in = in;
    }

    private int count(int read) {
      if (read > 0) {
        READ.merge(path, (long) read, Long::sum);
      }
      return read;
    }

    @Override
    public int read() throws IOException {
      int value = in.read();
      count(value < 0 ? 0 : 1);
      return value;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      return count(in.read(bytes, offset, length));
    }

    @Override
    public int read(long position, byte[] bytes, int offset, int length) throws IOException {
      return count(in.read(position, bytes, offset, length));
    }

    @Override
    public void seek(long position) throws IOException {
      in.seek(position);
    }

    @Override
    public long getPos() throws IOException {
      return in.getPos();
    }

    @Override
    public boolean seekToNewSource(long target) throws IOException {
      return in.seekToNewSource(target);
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
