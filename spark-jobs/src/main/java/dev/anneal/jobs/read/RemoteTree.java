package dev.anneal.jobs.read;

import dev.anneal.core.config.ConfigException;
import dev.anneal.jobs.io.UserPath;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * Files of a store that Hadoop reaches.
 *
 * @param flat whether it lists all keys below a folder in pages, as object stores do, where a walk
 *     would ask for each folder
 */
record RemoteTree(FileSystem fileSystem, boolean flat) implements FileTree {

  @Override
  public Matches find(String path) throws IOException {
    Path asked = UserPath.of(path);
    if (fileSystem.exists(asked)) {
      return new Matches(List.of(fileSystem.makeQualified(asked).toString()), false);
    }
    List<String> matches = new ArrayList<>();
    try {
      FileStatus[] found = fileSystem.globStatus(asked);
      for (FileStatus match : found == null ? new FileStatus[0] : found) {
        matches.add(match.getPath().toString());
      }
    } catch (IllegalArgumentException e) { // a name with a colon
      throw new ConfigException(
          "Unsupported pattern: " + path + " (" + e.getMessage() + "; name the folder)", e);
    }
    return new Matches(matches, true);
  }

  @Override
  public String absolute(String path) {
    return fileSystem.makeQualified(UserPath.of(path)).toUri().getPath();
  }

  @Override
  public void walk(String match, Consumer<FoundFile> found) throws IOException {
    FileStatus root = fileSystem.getFileStatus(new Path(match));
    if (root.isFile()) {
      found.accept(file(root));
    } else if (flat) {
      walkPages(root.getPath(), found);
    } else {
      walkFolders(root.getPath(), found);
    }
  }

  private void walkPages(Path root, Consumer<FoundFile> found) throws IOException {
    int above = root.toUri().getPath().length();
    RemoteIterator<? extends FileStatus> below = fileSystem.listFiles(root, true);
    while (below.hasNext()) {
      FoundFile file = file(below.next());
      if (!isHidden(file.path(), above)) {
        found.accept(file);
      }
    }
  }

  private void walkFolders(Path folder, Consumer<FoundFile> found) throws IOException {
    RemoteIterator<FileStatus> children = fileSystem.listStatusIterator(folder);
    while (children.hasNext()) {
      FileStatus child = children.next();
      if (FileTree.isHidden(child.getPath().getName())) {
        continue;
      }
      if (child.isFile()) {
        found.accept(file(child));
      } else {
        walkFolders(child.getPath(), found);
      }
    }
  }

  private static boolean isHidden(String path, int from) {
    for (int slash = path.indexOf('/', from); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      if (FileTree.isHidden(path.substring(slash + 1))) {
        return true;
      }
    }
    return false;
  }

  private static FoundFile file(FileStatus status) {
    Path path = status.getPath();
    return new FoundFile(
        path.toString(), path.toUri().getPath(), status.getLen(), status.getModificationTime());
  }
}
