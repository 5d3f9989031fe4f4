package dev.anneal.core.tensor;

import ai.djl.engine.Engine;
import dev.anneal.core.tensor.cuda.MappedLibraries;
import java.util.Optional;

/** Finds libtorch's library as the engine loaded it. */
final class NativeEnvironment {
  private NativeEnvironment() {}

  /** Loads the engine once a JVM, without its call home and with bounded caches. */
  static void prepare() {
    if (System.getProperty("OPT_OUT_TRACKING") == null) {
      System.setProperty("OPT_OUT_TRACKING", "true");
    }
    KernelCaches.bound();
    Engine.getEngine("PyTorch");
  }

  /** The path under which this process has mapped libtorch_cpu. */
  static String libtorchPath() {
    return mapped("libtorch_cpu")
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "Cannot find libtorch_cpu among the mapped libraries (is PYTORCH_LIBRARY_PATH"
                        + " right?)"));
  }

  /** The path of a library that this process has mapped, by the beginning of its file name. */
  static Optional<String> mapped(String name) {
    return MappedLibraries.find(file -> file.startsWith(name));
  }
}
