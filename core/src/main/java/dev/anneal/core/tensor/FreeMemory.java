package dev.anneal.core.tensor;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Native memory of this process that nobody uses. Stateless; any thread. */
public final class FreeMemory {
  private static final long BYTES_OF_A_KIB = 1024;
  private static final long KEPT_AT_THE_TOP = 0;

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String ANONYMOUS = "RssAnon:";

  private FreeMemory() {}

  /** Resident bytes that are no pages of files; 0 where the system does not tell. */
  static long anonymousBytes() {
    if (!Platform.isLinux()) {
      return 0;
    }
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith(ANONYMOUS)) {
          return Long.parseLong(line.substring(ANONYMOUS.length()).replace("kB", "").trim())
              * BYTES_OF_A_KIB;
        }
      }
      return 0;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + STATUS, e);
    }
  }

  /**
   * Gives free pages between used ones back to the system, where the C library can: tensors of ever
   * other sizes leave such holes. Takes some 10 milliseconds.
   *
   * @return whether there were any
   */
  public static boolean giveBack() {
    return Platform.isLinux()
        && NativeLibrary.getInstance(Platform.C_LIBRARY_NAME)
                .getFunction("malloc_trim")
                .invokeInt(new Object[] {KEPT_AT_THE_TOP})
            == 1;
  }
}
