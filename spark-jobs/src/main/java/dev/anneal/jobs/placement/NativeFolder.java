package dev.anneal.jobs.placement;

import dev.anneal.core.config.ConfigException;
import java.io.IOException;
import java.io.Serializable;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;

/**
 * Where the native libraries lie unpacked: {@code natives/pytorch} holds libtorch and its JNI
 * library, and the whole folder is laid out as DJL's cache, so that no process has to unpack
 * anything or to own a home folder. The build puts it beside the assembly jar; {@code
 * deploy/gpu/make-natives} makes one for CUDA, with NVIDIA's libraries in {@code natives/nvidia}.
 * Immutable; travels to executors in closures.
 *
 * @param path the folder as the driver sees it; empty when it has none, as in unit tests
 */
public record NativeFolder(String path) implements Serializable {
  private static final String NAME = "natives";
  private static final String LIBRARY_PATH = "PYTORCH_LIBRARY_PATH";
  private static final String CACHE = "DJL_CACHE_DIR";
  private static final String CHOSEN = "ANNEAL_NATIVES";

  /** Where the engine looks for the CUDA runtime when it counts cards. */
  private static final String RUNTIME_PATH = "jna.library.path";

  private static final String CUDA_RUNTIME = "nvidia/cuda_runtime/lib";
  private static final String ON_CLASS_PATH = "/native/lib/pytorch.properties";

  /** The folder that ANNEAL_NATIVES names, else the one beside the jar that holds a class. */
  public static NativeFolder beside(Class<?> type) {
    String chosen = System.getenv(CHOSEN);
    if (chosen != null && !chosen.isEmpty()) {
      if (!holdsLibtorch(Path.of(chosen))) {
        throw new ConfigException(
            "Invalid " + CHOSEN + ": " + chosen + " (holds no pytorch/VERSION/libtorch.so)");
      }
      return new NativeFolder(Path.of(chosen).toAbsolutePath().toString());
    }
    CodeSource source = type.getProtectionDomain().getCodeSource();
    if (source == null) {
      return new NativeFolder("");
    }
    try {
      Path folder = Path.of(source.getLocation().toURI()).resolveSibling(NAME);
      return new NativeFolder(holdsLibtorch(folder) ? folder.toString() : "");
    } catch (URISyntaxException | java.nio.file.FileSystemNotFoundException e) {
      return new NativeFolder("");
    }
  }

  /**
   * Points this process to the libraries where its environment does not do so already. On an
   * executor an archive that spark-submit sent along is taken ({@code --archives FILE#natives}),
   * else the driver's folder if it is there too.
   *
   * @return whether libtorch can be found; unit tests find it on their class path
   */
  public boolean use() {
    Optional<Path> found = candidates().stream().filter(NativeFolder::holdsLibtorch).findFirst();
    found.ifPresent(
        folder -> {
          setUnlessGiven(LIBRARY_PATH, libtorch(folder).orElseThrow().toString());
          setUnlessGiven(CACHE, folder.toString());
          if (Files.isDirectory(folder.resolve(CUDA_RUNTIME))) {
            setUnlessGiven(RUNTIME_PATH, folder.resolve(CUDA_RUNTIME).toString());
          }
        });
    return given(LIBRARY_PATH) || NativeFolder.class.getResource(ON_CLASS_PATH) != null;
  }

  /** Like {@link #use}, and the error that says how to bring the libraries to this host. */
  public void require() {
    if (!use()) {
      throw new ConfigException(
          "Cannot find the native libraries on this host"
              + (path.isEmpty() ? "" : ": " + path)
              + " (send them along with --archives natives.tar.gz#natives, or set "
              + LIBRARY_PATH
              + ", on executors by spark.executorEnv."
              + LIBRARY_PATH
              + ")");
    }
  }

  private List<Path> candidates() {
    List<Path> candidates = new ArrayList<>();
    if (SparkEnv.get() != null) {
      candidates.add(Path.of(NAME).toAbsolutePath());
      candidates.add(Path.of(SparkFiles.getRootDirectory(), NAME));
    }
    if (!path.isEmpty()) {
      candidates.add(Path.of(path));
    }
    candidates.add(Path.of(NAME).toAbsolutePath());
    return candidates;
  }

  private static void setUnlessGiven(String name, String value) {
    if (!given(name)) {
      System.setProperty(name, value);
    }
  }

  private static boolean given(String name) {
    return System.getenv(name) != null || System.getProperty(name) != null;
  }

  private static boolean holdsLibtorch(Path folder) {
    return libtorch(folder).isPresent();
  }

  /** The folder of libtorch inside the cache layout, whatever its version. */
  private static Optional<Path> libtorch(Path folder) {
    Path engine = folder.resolve("pytorch");
    if (!Files.isDirectory(engine)) {
      return Optional.empty();
    }
    try (Stream<Path> versions = Files.list(engine)) {
      return versions
          .filter(version -> Files.isRegularFile(version.resolve("libtorch.so")))
          .sorted()
          .findFirst();
    } catch (IOException e) {
      throw new ConfigException("Cannot read " + engine + ": " + e.getMessage(), e);
    }
  }
}
