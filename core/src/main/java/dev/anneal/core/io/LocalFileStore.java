package dev.anneal.core.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Files of this machine. A file appears whole or not at all: it is written beside its place, forced
 * to disk and renamed, so that a crash or a full disk leaves the older file as it was. Thread-safe.
 */
public final class LocalFileStore implements FileStore {
  private static final String TEMPORARY_SUFFIX = ".tmp";

  /** The local path behind a plain path or a {@code file:} URI. */
  public static Path path(String path) {
    if (path.isEmpty()) {
      throw new IllegalArgumentException("Invalid path: '' (must not be empty)");
    }
    if (path.startsWith("file:/")) {
      String rest = path.substring("file:".length());
      return Path.of(rest.startsWith("//") ? URI.create(encoded(path)).getPath() : rest);
    }
    return Path.of(path);
  }

  /** Escapes what users leave bare in file URIs; an escape that is there already stays. */
  private static String encoded(String uri) {
    return uri.replace(" ", "%20").replace("#", "%23").replace("?", "%3F");
  }

  @Override
  public InputStream open(String path) throws IOException {
    Path file = path(path);
    if (Files.isDirectory(file)) {
      throw new IOException("Cannot read " + path + ": it is a folder");
    }
    return Files.newInputStream(file);
  }

  @Override
  public OutputStream create(String path) throws IOException {
    Path target = path(path);
    if (Files.isDirectory(target)) {
      throw new IOException("Cannot write " + path + ": it is a folder");
    }
    try {
      return new AtomicFileOutput(target, temporaryBeside(target));
    } catch (IOException e) {
      throw new IOException("Cannot write " + path + ": " + reason(e), e);
    }
  }

  @Override
  public Optional<OutputStream> append(String path) throws IOException {
    Path target = path(path);
    try {
      Files.createDirectories(target.toAbsolutePath().getParent());
      return Optional.of(
          Files.newOutputStream(target, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    } catch (IOException e) {
      throw new IOException("Cannot write " + path + ": " + reason(e), e);
    }
  }

  @Override
  public boolean createIfAbsent(String path, byte[] content) throws IOException {
    Path target = path(path);
    try {
      Path temporary = temporaryBeside(target);
      try {
        Files.write(temporary, content);
        link(target, temporary, content);
        return true;
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (FileAlreadyExistsException e) {
      return false;
    } catch (IOException e) {
      throw new IOException("Cannot write " + path + ": " + reason(e), e);
    }
  }

  /** A hard link shows the whole content at once; file systems without them show it as it comes. */
  private static void link(Path target, Path temporary, byte[] content) throws IOException {
    try {
      Files.createLink(target, temporary);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (UnsupportedOperationException | FileSystemException e) {
      Files.write(target, content, StandardOpenOption.CREATE_NEW);
    }
  }

  @Override
  public boolean exists(String path) {
    return Files.exists(path(path));
  }

  @Override
  public List<FileEntry> list(String folder) throws IOException {
    List<FileEntry> entries = new ArrayList<>();
    try (Stream<Path> children = Files.list(path(folder))) {
      for (Path child : (Iterable<Path>) children::iterator) {
        entry(folder, child, entries);
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (NotDirectoryException e) {
      throw new IOException("Cannot list " + folder + ": it is a file", e);
    }
    entries.sort(
        Comparator.comparing(
            entry -> entry.name().getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned));
    return List.copyOf(entries);
  }

  private static void entry(String folder, Path child, List<FileEntry> entries) throws IOException {
    String name = child.getFileName().toString();
    try {
      BasicFileAttributes attributes = Files.readAttributes(child, BasicFileAttributes.class);
      boolean isFolder = attributes.isDirectory();
      entries.add(
          new FileEntry(
              FileStore.join(folder, name), name, isFolder, isFolder ? 0 : attributes.size()));
    } catch (NoSuchFileException e) {
      // Removed by its owner between the listing and this look: it is not a child any more.
      return;
    }
  }

  @Override
  public void delete(String path) throws IOException {
    Path root = path(path);
    if (!Files.isDirectory(root, LinkOption.NOFOLLOW_LINKS)) {
      Files.deleteIfExists(root);
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** The message of a file system failure, with its kind where the message is only a path. */
  private static String reason(IOException failure) {
    if (failure instanceof AccessDeniedException) {
      return "no permission for " + failure.getMessage();
    }
    if (failure instanceof FileAlreadyExistsException) {
      return failure.getMessage() + " is a file";
    }
    return failure.getClass() == IOException.class
        ? failure.getMessage()
        : failure.getClass().getSimpleName() + " " + failure.getMessage();
  }

  /**
   * Whether a file of a folder is what a killed writer of another one left: a name that {@link
   * #create} gives while it writes.
   */
  public static boolean isTemporaryOf(String name, String file) {
    String prefix = "." + file + ".";
    return name.startsWith(prefix)
        && name.substring(prefix.length()).matches("[0-9a-f-]{36}\\" + TEMPORARY_SUFFIX);
  }

  private static Path temporaryBeside(Path target) throws IOException {
    Path folder = target.toAbsolutePath().getParent();
    Files.createDirectories(folder);
    return folder.resolve("." + target.getFileName() + "." + UUID.randomUUID() + TEMPORARY_SUFFIX);
  }

  /** Moves a finished file to its place and makes the rename itself durable. */
  static void publish(Path temporary, Path target) throws IOException {
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel folder =
        FileChannel.open(target.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }
}
