package dev.anneal.jobs.read;

import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.io.UserPath;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Consumer;
import org.apache.hadoop.fs.GlobExpander;
import org.apache.hadoop.fs.GlobFilter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files of this machine and of network file systems mounted on it. Hadoop's own listing starts a
 * process for each file where its native library is absent; its patterns are kept.
 */
record LocalTree(HadoopFileStore store) implements FileTree {
  private static final Logger LOG = LoggerFactory.getLogger(LocalTree.class);

  @Override
  public Matches find(String path) throws IOException {
    Path asked = store.localPath(path).orElseThrow();
    if (Files.exists(asked)) {
      return new Matches(List.of(asked.toString()), false);
    }
    List<String> matches = new ArrayList<>();
    for (String pattern : GlobExpander.expand(asked.toString())) {
      matching(pattern).forEach(match -> matches.add(match.toString()));
    }
    return new Matches(matches, true);
  }

  private static List<Path> matching(String pattern) throws IOException {
    List<Path> candidates = List.of(Path.of("/"));
    for (String part : pattern.split("/")) {
      if (part.isEmpty()) {
        continue;
      }
      GlobFilter filter = new GlobFilter(part);
      List<Path> next = new ArrayList<>();
      for (Path candidate : candidates) {
        if (!filter.hasPattern()) {
          next.add(candidate.resolve(part.replaceAll("\\\\(.)", "$1")));
        } else if (Files.isDirectory(candidate)) {
          addMatching(candidate, filter, next);
        }
      }
      candidates = next;
    }
    return candidates.stream().filter(Files::exists).toList();
  }

  private static void addMatching(Path folder, GlobFilter filter, List<Path> matching)
      throws IOException {
    try (DirectoryStream<Path> children = Files.newDirectoryStream(folder)) {
      for (Path child : children) {
        if (filter.accept(UserPath.name(child.getFileName().toString()))) {
          matching.add(child);
        }
      }
    }
  }

  @Override
  public String absolute(String path) throws IOException {
    return store.localPath(path).orElseThrow().toString();
  }

  @Override
  public void walk(String match, Consumer<FoundFile> found) throws IOException {
    Path root = Path.of(match);
    Files.walkFileTree(
        root,
        EnumSet.of(FileVisitOption.FOLLOW_LINKS),
        Integer.MAX_VALUE,
        new Visible(root, found));
  }

  /** Follows links, and passes over those that lead nowhere. */
  private static final class Visible extends SimpleFileVisitor<Path> {
    private final Path root;
    private final Consumer<FoundFile> found;

    Visible(Path root, Consumer<FoundFile> found) {
      this.root = root;
      this.found = found;
    }

    private boolean isHidden(Path path) {
      return !path.equals(root) && FileTree.isHidden(path.getFileName().toString());
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
      return isHidden(folder) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (!isHidden(file) && !attributes.isSymbolicLink()) {
        String path = file.toString();
        long modified = attributes.lastModifiedTime().toMillis();
        found.accept(new FoundFile("file:" + path, path, attributes.size(), modified));
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
      if (isHidden(file) || failure instanceof NoSuchFileException) {
        return FileVisitResult.CONTINUE; // removed by its owner meanwhile
      }
      if (failure instanceof FileSystemLoopException) {
        LOG.warn("Passed over {}: the link leads back to a folder above it", file);
        return FileVisitResult.CONTINUE;
      }
      throw failure;
    }
  }
}
