package dev.anneal.jobs.read;

import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.io.UserPath;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Finds files below paths and patterns. Names that start with {@code _} or {@code .} below a folder
 * are left out, as Spark does. Implementations hold no file of a listing back, and are stateless.
 */
public interface FileTree {

  /** What a path names, or the matches of a pattern; none where there is neither. */
  Matches find(String path) throws IOException;

  /** The absolute path that a user's path stands for, without scheme and host. */
  String absolute(String path) throws IOException;

  /** Hands over each visible file below a match of this tree, or that file itself. */
  void walk(String match, Consumer<FoundFile> found) throws IOException;

  /**
   * Where a path leads.
   *
   * @param pattern whether they were found by a pattern
   */
  record Matches(List<String> paths, boolean pattern) {}

  /** The tree that a path lies in. */
  static FileTree of(HadoopFileStore store, String path) throws IOException {
    Optional<java.nio.file.Path> local = store.localPath(path);
    if (local.isPresent()) {
      return new LocalTree(store);
    }
    Path asked = UserPath.of(path);
    FileSystem fileSystem = HadoopFileStore.fileSystem(asked, store.configuration());
    return new RemoteTree(fileSystem, store.appearsAtClose(path));
  }

  /** Whether Spark, too, would pass a name over. */
  static boolean isHidden(String name) {
    return name.startsWith("_") || name.startsWith(".");
  }
}
