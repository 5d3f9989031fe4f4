package dev.anneal.jobs.io;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileRanges;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.io.StoreWriter;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FutureDataInputStreamBuilder;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.util.VersionInfo;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Files wherever Spark's Hadoop configuration reaches. Local paths go through {@link
 * LocalFileStore}: Hadoop would leave checksum files beside each. Where files appear at close by
 * themselves (object stores) they are written in place, elsewhere beside it and renamed.
 * Thread-safe; serializable, so that tasks see the driver's settings.
 */
public final class HadoopFileStore implements FileStore, Serializable {
  private static final long serialVersionUID = 1L;
  private static final Set<String> OBJECT_STORES =
      Set.of("s3a", "s3", "s3n", "gs", "oss", "cosn", "obs", "wasb", "wasbs");

  private final SerializableConfiguration configuration;
  private final String driverFolder = java.nio.file.Path.of("").toAbsolutePath().toString();

  public HadoopFileStore(Configuration configuration) {
    this.configuration = new SerializableConfiguration(configuration);
  }

  /** With what spark.hadoop.* and the cluster's own files say, also before Spark runs. */
  public static HadoopFileStore ofEnvironment() {
    SparkConf conf = SparkEnv.get() == null ? new SparkConf() : SparkEnv.get().conf();
    return new HadoopFileStore(SparkHadoopUtil.get().newConfiguration(conf));
  }

  /** Hadoop's settings as the driver has them. */
  public Configuration configuration() {
    return configuration.value();
  }

  /** A relative local path lies in the driver's folder, wherever the task runs that asks. */
  private Path hadoopPath(String path) throws IOException {
    Path given = UserPath.of(path);
    boolean relative = !given.isAbsolute() && given.toUri().getScheme() == null;
    return relative && fileSystem(given) instanceof LocalFileSystem
        ? new Path(UserPath.name(driverFolder), given)
        : given;
  }

  /** The local path behind a path, when it is one. */
  public Optional<java.nio.file.Path> localPath(String path) throws IOException {
    Path hadoopPath = hadoopPath(path);
    FileSystem fileSystem = fileSystem(hadoopPath);
    if (!(fileSystem instanceof LocalFileSystem)) {
      return Optional.empty();
    }
    try {
      String absolute = fileSystem.makeQualified(hadoopPath).toUri().getPath();
      return Optional.of(java.nio.file.Path.of(absolute));
    } catch (IllegalArgumentException e) { // a host in a file URI, a character no file has
      throw new ConfigException("Invalid path: '" + path + "' (" + e.getMessage() + ")", e);
    }
  }

  @Override
  public InputStream open(String path) throws IOException {
    return openAt(path, 0);
  }

  /** Opens a file at a byte offset. */
  public InputStream openAt(String path, long offset) throws IOException {
    try {
      FSDataInputStream in = raw(hadoopPath(path)).open(hadoopPath(path));
      in.seek(offset);
      return in;
    } catch (FileNotFoundException e) {
      NoSuchFileException absent = new NoSuchFileException(path);
      absent.initCause(e);
      throw absent;
    }
  }

  /** Opens a file for reads anywhere in it, each of which asks for no more than it needs. */
  FileRanges ranges(String path) throws IOException {
    Path file = hadoopPath(path);
    FileSystem fileSystem = raw(file);
    long size = fileSystem.getFileStatus(file).getLen();
    FutureDataInputStreamBuilder opening = fileSystem.openFile(file);
    // By its name in Hadoop 3.3.4, and in later ones; what a file system doesn't know it ignores.
    opening.opt("fs.s3a.experimental.input.fadvise", "random");
    opening.opt("fs.option.openfile.read.policy", "random");
    try {
      return new HadoopRanges(opening.build().get(), size);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while opening " + path);
    }
  }

  @Override
  public OutputStream create(String path) throws IOException {
    Optional<java.nio.file.Path> local = localPath(path);
    if (local.isPresent()) {
      return new LocalFileStore().create(local.get().toString());
    }
    Path target = hadoopPath(path);
    FileSystem fileSystem = fileSystem(target);
    Path written =
        isObjectStore(fileSystem)
            ? target
            : new Path(target.getParent(), "." + target.getName() + "." + UUID.randomUUID());
    return new HadoopFileOutput(this, fileSystem, written, target);
  }

  /**
   * Creates a file in its place at once, neither hidden until it is closed nor forced to disk: for
   * files that count only once a marker written after them says so.
   */
  public OutputStream createUnmarked(String path) throws IOException {
    Optional<java.nio.file.Path> local = localPath(path);
    if (local.isEmpty()) {
      return fileSystem(hadoopPath(path)).create(hadoopPath(path), true);
    }
    try {
      Files.createDirectories(local.get().toAbsolutePath().getParent());
      return Files.newOutputStream(local.get());
    } catch (IOException e) {
      throw new IOException("Cannot write " + path + ": " + e.getMessage(), e);
    }
  }

  /**
   * Writes a file whose unfinished form lies in another folder of the same store, so that a killed
   * writer leaves nothing beside the target.
   */
  public void writeThrough(String temporaryFolder, String path, StoreWriter body)
      throws IOException {
    if (appearsAtClose(path)) {
      write(path, body);
      return;
    }
    String temporary = FileStore.join(temporaryFolder, UUID.randomUUID() + ".tmp");
    write(temporary, body);
    move(temporary, path);
  }

  /** Whether a file appears whole in its own place when it is closed, as in object stores. */
  public boolean appearsAtClose(String path) throws IOException {
    return localPath(path).isEmpty() && isObjectStore(fileSystem(hadoopPath(path)));
  }

  /** Moves a finished file within one store, over whatever is there. */
  public void move(String from, String to) throws IOException {
    Optional<java.nio.file.Path> target = localPath(to);
    if (target.isPresent()) {
      Files.createDirectories(target.get().toAbsolutePath().getParent());
      Files.move(
          localPath(from).orElseThrow(),
          target.get(),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } else {
      fileSystem(hadoopPath(to)).mkdirs(hadoopPath(to).getParent());
      rename(hadoopPath(from), hadoopPath(to));
    }
  }

  /** Local files only: HDFS would need a call for each line to make it durable. */
  @Override
  public Optional<OutputStream> append(String path) throws IOException {
    Optional<java.nio.file.Path> local = localPath(path);
    return local.isEmpty() ? Optional.empty() : new LocalFileStore().append(local.get().toString());
  }

  @Override
  public boolean createIfAbsent(String path, byte[] content) throws IOException {
    Optional<java.nio.file.Path> local = localPath(path);
    return local.isEmpty()
        ? FileStore.super.createIfAbsent(path, content)
        : new LocalFileStore().createIfAbsent(local.get().toString(), content);
  }

  @Override
  public boolean exists(String path) throws IOException {
    return fileSystem(hadoopPath(path)).exists(hadoopPath(path));
  }

  @Override
  public List<FileEntry> list(String folder) throws IOException {
    Optional<java.nio.file.Path> local = localPath(folder);
    if (local.isPresent()) {
      return new LocalFileStore().list(local.get().toString());
    }
    FileStatus[] children;
    try {
      children = fileSystem(hadoopPath(folder)).listStatus(hadoopPath(folder));
    } catch (FileNotFoundException e) {
      return List.of();
    }
    List<FileEntry> entries = new ArrayList<>();
    for (FileStatus child : children) {
      String name = child.getPath().getName();
      long bytes = child.isDirectory() ? 0 : child.getLen();
      entries.add(new FileEntry(child.getPath().toString(), name, child.isDirectory(), bytes));
    }
    entries.sort(
        Comparator.comparing(
            entry -> entry.name().getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned));
    return List.copyOf(entries);
  }

  @Override
  public void delete(String path) throws IOException {
    Optional<java.nio.file.Path> local = localPath(path);
    if (local.isPresent()) {
      new LocalFileStore().delete(local.get().toString());
      return;
    }
    fileSystem(hadoopPath(path)).delete(hadoopPath(path), true);
  }

  void rename(Path from, Path to) throws IOException {
    try {
      FileContext.getFileContext(from.toUri(), configuration())
          .rename(from, to, Options.Rename.OVERWRITE);
    } catch (UnsupportedFileSystemException e) {
      // A file system with the older interface only, which cannot replace a file in one step.
      FileSystem fileSystem = fileSystem(from);
      fileSystem.delete(to, false);
      if (!fileSystem.rename(from, to)) {
        throw new IOException("Cannot write " + to + ": cannot rename " + from, e);
      }
    }
  }

  private FileSystem fileSystem(Path path) throws IOException {
    return fileSystem(path, configuration());
  }

  /** The file system of a path, or the error that says how to bring it along. */
  public static FileSystem fileSystem(Path path, Configuration configuration) throws IOException {
    try {
      return path.getFileSystem(configuration);
    } catch (UnsupportedFileSystemException e) {
      throw unknown(path, e);
    } catch (RuntimeException e) { // such as a URI without a bucket
      if (e.getCause() instanceof ClassNotFoundException) {
        throw unknown(path, e);
      }
      throw new ConfigException("Cannot open " + path + ": " + e.getMessage(), e);
    }
  }

  private static ConfigException unknown(Path path, Exception cause) {
    String scheme = path.toUri().getScheme();
    String remedy =
        "s3a".equals(scheme)
            ? "bring it along: -- --packages org.apache.hadoop:hadoop-aws:"
                + VersionInfo.getVersion()
            : "bring the package along that has it: -- --packages ...";
    return new ConfigException(
        "Cannot open " + path + ": no file system for " + scheme + ":// (" + remedy + ")", cause);
  }

  /** Without the checksum layer: a leftover checksum file must not spoil a local read. */
  private FileSystem raw(Path path) throws IOException {
    FileSystem fileSystem = fileSystem(path);
    return fileSystem instanceof LocalFileSystem local ? local.getRawFileSystem() : fileSystem;
  }

  private static boolean isObjectStore(FileSystem fileSystem) {
    return OBJECT_STORES.contains(fileSystem.getScheme());
  }
}
