package dev.anneal.data.tokenize;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.anneal.core.config.ConfigException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Loads the tokenizers library once per process, on first use.
 *
 * <p>DJL unpacks it from its jar into a folder of its own next to the target and renames that
 * folder, so two processes may unpack at once. What it leaves open is settled here, each only where
 * the user said nothing: without a writable home folder the cache goes to a folder per user under
 * the temporary folder (a shared {@code .djl.ai} may belong to somebody else); the CPU build is
 * taken on a GPU host (DJL would download another); no call home.
 */
final class NativeLibrary {
  private static final String CACHE_KEY = "DJL_CACHE_DIR";

  private NativeLibrary() {}

  static TokenizersLibrary load() {
    if (Loading.FAILURE.isPresent()) {
      Throwable failure = Loading.FAILURE.get();
      throw new ConfigException(
          "Cannot load the tokenizers library: "
              + failure.getMessage()
              + " (set "
              + CACHE_KEY
              + " to a writable folder on this host)",
          failure);
    }
    return TokenizersLibrary.LIB;
  }

  /** Initialised by the class loader: once, under its lock. */
  private static final class Loading {
    static final Optional<Throwable> FAILURE = attempt();

    private static Optional<Throwable> attempt() {
      setUnlessGiven("OPT_OUT_TRACKING", "true");
      setUnlessGiven("RUST_FLAVOR", "cpu");
      String home = System.getProperty("user.home", "");
      if (home.isEmpty() || !Files.isWritable(Path.of(home))) {
        setUnlessGiven(CACHE_KEY, cacheWithoutHome().toString());
      }
      try {
        LibUtils.checkStatus();
        return Optional.empty();
      } catch (RuntimeException | LinkageError e) {
        return Optional.of(e);
      }
    }

    private static Path cacheWithoutHome() {
      String user = System.getProperty("user.name", "unknown").replaceAll("[^A-Za-z0-9_.-]", "_");
      return Path.of(System.getProperty("java.io.tmpdir"), "anneal-djl-" + user);
    }

    private static void setUnlessGiven(String key, String value) {
      if (System.getenv(key) == null && System.getProperty(key) == null) {
        System.setProperty(key, value);
      }
    }
  }
}
