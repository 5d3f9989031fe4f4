package dev.anneal.core.tensor;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;

/** Native memory of this process that nobody uses. Stateless; any thread. */
public final class FreeMemory {
  private static final long KEPT_AT_THE_TOP = 0;

  private FreeMemory() {}

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
