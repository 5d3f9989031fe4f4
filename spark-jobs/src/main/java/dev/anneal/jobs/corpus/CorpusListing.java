package dev.anneal.jobs.corpus;

import dev.anneal.core.config.ConfigException;
import dev.anneal.data.config.InputConfig;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.io.UserPath;
import dev.anneal.jobs.read.FileStart;
import dev.anneal.jobs.read.FileTree;
import dev.anneal.jobs.read.FoundFile;
import dev.anneal.jobs.read.SavedDatasets;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Finds the files of an input: a file, a folder with everything below it, or a glob. Names that
 * start with {@code _} or {@code .} are left out, as Spark does. Files are ordered by the bytes of
 * their relative paths. Immutable.
 */
public final class CorpusListing {
  private static final Comparator<CorpusFile> BY_BYTES =
      (one, other) -> compareAsUtf8(one.path(), other.path());

  private final HadoopFileStore store;
  private final String keyPattern;

  public CorpusListing(Configuration configuration) {
    this(configuration, "tokenize.inputs[%d].path");
  }

  /**
   * @param keyPattern the setting that messages name, with its index as %d
   */
  public CorpusListing(Configuration configuration, String keyPattern) {
    this.store = new HadoopFileStore(configuration);
    this.keyPattern = keyPattern;
  }

  /** The files of one input, never none; {@link ConfigException} names the input otherwise. */
  public List<CorpusFile> list(int index, InputConfig input) throws IOException {
    String key = keyPattern.formatted(index);
    Path path = UserPath.of(input.path(), key);
    FileTree tree = FileTree.of(store, input.path());
    FileTree.Matches matches = tree.find(input.path());
    if (matches.paths().isEmpty()) {
      throw new ConfigException(
          "Cannot find " + key + ": " + input.path() + " (no such file or folder)");
    }
    Path start = matches.pattern() ? fixedPart(path) : path;
    String above = start.toString().isEmpty() ? "." : start.toString();
    String base = tree.absolute(matches.pattern() ? above : input.path());
    Source source = new Source(key, index, input, start, base);
    ListingLog log = new ListingLog(input.path());
    List<CorpusFile> files = new ArrayList<>();
    for (String match : matches.paths()) {
      List<FoundFile> found = new ArrayList<>();
      tree.walk(match, log.counting(found::add));
      boolean itself = found.size() == 1 && match.endsWith(found.get(0).path());
      for (FoundFile file : itself ? found : SavedDatasets.data(store, found)) {
        files.add(file(file, source));
      }
    }
    if (files.isEmpty()) {
      throw new ConfigException("Invalid " + key + ": " + input.path() + " (holds no files)");
    }
    files.sort(BY_BYTES);
    log.end();
    return files;
  }

  /** An input with its key, the folder its relative paths start from, as given and as it is. */
  private record Source(String key, int index, InputConfig input, Path start, String base) {}

  private CorpusFile file(FoundFile found, Source source) throws IOException {
    boolean itself = found.path().equals(source.base());
    String relative = itself ? found.name() : relative(source.base(), found.path());
    String display =
        itself
            ? source.input().path()
            : UserPath.display(new Path(source.start(), UserPath.name(relative)));
    return new CorpusFile(
        source.index(),
        found.uri(),
        relative,
        display,
        found.bytes(),
        found.modifiedMillis(),
        format(found.uri(), source, display));
  }

  /** The configured format, or what the file's name tells, or its first bytes. */
  private InputConfig.Format format(String uri, Source source, String display) throws IOException {
    if (source.input().format() != InputConfig.Format.AUTO) {
      return source.input().format();
    }
    Optional<InputConfig.Format> named = FormatGuess.of(display);
    return (named.isPresent() ? named : start(new Path(uri)))
        .orElseThrow(
            () ->
                new ConfigException(
                    "Invalid %s: cannot tell the format of %s (set format = jsonl, text, lines, parquet, orc or arrow)"
                        .formatted(source.key(), display)));
  }

  private Optional<InputConfig.Format> start(Path file) throws IOException {
    FileSystem fileSystem = HadoopFileStore.fileSystem(file, store.configuration());
    return FileStart.format(fileSystem, file);
  }

  private static String relative(String base, String path) {
    return path.startsWith(base + "/") ? path.substring(base.length() + 1) : path;
  }

  /**
   * The order of UTF-8 bytes is that of code points: half pairs come after all other characters.
   */
  private static int compareAsUtf8(String one, String other) {
    int shared = Math.min(one.length(), other.length());
    for (int i = 0; i < shared; i++) {
      char a = one.charAt(i);
      char b = other.charAt(i);
      if (a != b) {
        boolean alike = Character.isSurrogate(a) == Character.isSurrogate(b);
        return alike ? Character.compare(a, b) : Character.isSurrogate(a) ? 1 : -1;
      }
    }
    return Integer.compare(one.length(), other.length());
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
