package dev.anneal.core.tensor;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.util.Map;

/**
 * Bounds how many generated kernels libtorch keeps for products by oneDNN, one a shape. Rows of any
 * length make new shapes at every step, and libtorch's own bounds, 1,024 entries in each of two
 * caches, let a small model grow by hundreds of megabytes. A kernel made anew costs 20 µs.
 * Stateless.
 */
final class KernelCaches {
  /** A layer over rows of one length has about 50 shapes. */
  static final Map<String, Integer> ENTRIES =
      Map.of("ONEDNN_PRIMITIVE_CACHE_CAPACITY", 128, "LRU_CACHE_CAPACITY", 128);

  private static final int KEEP_THE_USERS = 0;

  private KernelCaches() {}

  /** Before libtorch's first product in this process, which reads the bounds. */
  static void bound() {
    if (Platform.isLinux() || Platform.isMac()) {
      Function setenv = NativeLibrary.getInstance(Platform.C_LIBRARY_NAME).getFunction("setenv");
      ENTRIES.forEach(
          (name, entries) ->
              setenv.invokeInt(new Object[] {name, entries.toString(), KEEP_THE_USERS}));
    }
  }
}
