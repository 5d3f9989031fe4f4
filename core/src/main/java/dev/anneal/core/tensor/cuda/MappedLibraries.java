package dev.anneal.core.tensor.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;

/** The libraries that this process uses already. Stateless. */
public final class MappedLibraries {
  private static final Path MAPS = Path.of("/proc/self/maps");

  private MappedLibraries() {}

  /**
   * The path of the first one.
   *
   * @param wanted told by the file's name
   */
  public static Optional<String> find(Predicate<String> wanted) {
    try {
      return Files.readAllLines(MAPS, StandardCharsets.UTF_8).stream()
          .filter(line -> line.indexOf('/') >= 0)
          .map(line -> line.substring(line.indexOf('/')))
          .filter(path -> wanted.test(path.substring(path.lastIndexOf('/') + 1)))
          .findFirst();
    } catch (IOException e) {
      throw new IllegalStateException("Cannot read this process's mapped libraries", e);
    }
  }
}
