package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.InputConfig;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.read.FileStart;
import dev.anneal.jobs.read.SavedDatasets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * Finds the files of an input: a file, a folder with everything below it, or a glob. Names that
 * start with {@code _} or {@code .} are left out, as Spark does. Files are ordered by the bytes of
 * their relative paths. Immutable.
 */
final class CorpusListing {
  private final Configuration configuration;
  private final String keyPattern;

  CorpusListing(Configuration configuration) {
    this(configuration, "tokenize.inputs[%d].path");
  }

  /**
   * @param keyPattern the setting that messages name, with its index as %d
   */
  CorpusListing(Configuration configuration, String keyPattern) {
    this.configuration = configuration;
    this.keyPattern = keyPattern;
  }

  /** The files of one input, never none; {@link ConfigException} names the input otherwise. */
  List<CorpusFile> list(int index, InputConfig input) throws IOException {
    String key = keyPattern.formatted(index);
    Path path = hadoopPath(key, input.path());
    FileSystem fileSystem = HadoopFileStore.fileSystem(path, configuration);
    List<CorpusFile> files = new ArrayList<>();
    if (fileSystem.exists(path)) {
      Source source = new Source(key, index, input, fileSystem.makeQualified(path), input.path());
      collect(fileSystem, fileSystem.getFileStatus(path), source, files);
    } else {
      FileStatus[] matches = fileSystem.globStatus(path);
      if (matches == null || matches.length == 0) {
        throw new ConfigException(
            "Cannot find " + key + ": " + input.path() + " (no such file or folder)");
      }
      Path base = fileSystem.makeQualified(fixedPart(path));
      Source source = new Source(key, index, input, base, fixedPart(path).toString());
      for (FileStatus match : matches) {
        collect(fileSystem, match, source, files);
      }
    }
    if (files.isEmpty()) {
      throw new ConfigException("Invalid " + key + ": " + input.path() + " (holds no files)");
    }
    files.sort(
        Comparator.comparing(
            file -> file.path().getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned));
    return files;
  }

  /**
   * An input with its key, the folder its relative paths start from, and how the user writes that
   * folder.
   */
  private record Source(String key, int index, InputConfig input, Path base, String display) {}

  private static Path hadoopPath(String key, String path) {
    try {
      return new Path(path);
    } catch (IllegalArgumentException e) {
      throw new ConfigException("Invalid " + key + ": " + path + " (" + e.getMessage() + ")", e);
    }
  }

  private static void collect(
      FileSystem fileSystem, FileStatus status, Source source, List<CorpusFile> files)
      throws IOException {
    if (status.isFile()) {
      files.add(file(fileSystem, status, source));
      return;
    }
    RemoteIterator<LocatedFileStatus> below = fileSystem.listFiles(status.getPath(), true);
    List<FileStatus> visible = new ArrayList<>();
    while (below.hasNext()) {
      LocatedFileStatus found = below.next();
      if (!isHidden(relative(status.getPath(), found.getPath()))) {
        visible.add(found);
      }
    }
    for (FileStatus found : SavedDatasets.data(fileSystem, visible)) {
      files.add(file(fileSystem, found, source));
    }
  }

  private static CorpusFile file(FileSystem fileSystem, FileStatus status, Source source)
      throws IOException {
    Path path = status.getPath();
    boolean itself = path.equals(source.base());
    String relative = itself ? path.getName() : relative(source.base(), path);
    String display =
        itself
            ? source.display()
            : new Path(source.display(), new Path(null, null, relative)).toString();
    return new CorpusFile(
        source.index(),
        path.toString(),
        relative,
        display,
        status.getLen(),
        status.getModificationTime(),
        format(fileSystem, path, source, display));
  }

  /** The configured format, or what the file's name tells, or its first bytes. */
  private static InputConfig.Format format(
      FileSystem fileSystem, Path path, Source source, String display) throws IOException {
    if (source.input().format() != InputConfig.Format.AUTO) {
      return source.input().format();
    }
    Optional<InputConfig.Format> named = FormatGuess.of(display);
    return (named.isPresent() ? named : FileStart.format(fileSystem, path))
        .orElseThrow(
            () ->
                new ConfigException(
                    "Invalid %s: cannot tell the format of %s (set format = jsonl, text, lines, parquet, orc or arrow)"
                        .formatted(source.key(), display)));
  }

  private static String relative(Path base, Path path) {
    String from = base.toUri().getPath();
    String full = path.toUri().getPath();
    return full.startsWith(from + "/") ? full.substring(from.length() + 1) : full;
  }

  private static boolean isHidden(String relative) {
    for (String part : relative.split("/")) {
      if (part.startsWith("_") || part.startsWith(".")) {
        return true;
      }
    }
    return false;
  }

  /** The folder above the first part that holds a wildcard. */
  private static Path fixedPart(Path pattern) {
    Path fixed = pattern;
    for (Path at = pattern; at != null; at = at.getParent()) {
      if (at.getName().matches(".*[*?\\[\\]{}].*")) {
        fixed = at.getParent() == null ? new Path(".") : at.getParent();
      }
    }
    return fixed;
  }
}
