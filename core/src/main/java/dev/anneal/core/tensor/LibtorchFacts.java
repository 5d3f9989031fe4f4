package dev.anneal.core.tensor;

import com.sun.jna.ptr.IntByReference;
import dev.anneal.core.tensor.cuda.NcclVersion;
import dev.anneal.core.tensor.cuda.SharedLibrary;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * What libtorch this process computes with, and what CUDA's libraries came with it: facts, or the
 * reason why it cannot be loaded. Immutable.
 *
 * @param version as the build or PYTORCH_VERSION names it
 * @param path its folder
 * @param units how wide its products compute on this processor: oneDNN's, MKL's
 * @param cuda version of the CUDA runtime that it was linked with; empty where it knows the CPU
 *     alone
 * @param nccl version of the NCCL beside it; empty for none
 * @param problem why it cannot be used; empty where it can
 */
public record LibtorchFacts(
    String version, String path, String units, String cuda, String nccl, String problem)
    implements Serializable {
  public LibtorchFacts {
    Objects.requireNonNull(version, "version");
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(units, "units");
    Objects.requireNonNull(cuda, "cuda");
    Objects.requireNonNull(nccl, "nccl");
    Objects.requireNonNull(problem, "problem");
  }

  /** Loads libtorch if that has not been done, and looks at what was mapped with it. */
  public static LibtorchFacts ofThisProcess() {
    try {
      NativeEnvironment.prepare();
      String library = NativeEnvironment.libtorchPath();
      return new LibtorchFacts(
          TensorRuntime.libtorchVersion(),
          library.substring(0, library.lastIndexOf('/')),
          unitsOfThisHost(),
          NativeEnvironment.mapped("libtorch_cuda.so").isPresent() ? runtime() : "",
          mappedNccl(),
          "");
    } catch (RuntimeException | LinkageError | AssertionError e) {
      return missing(reason(e));
    }
  }

  /** Of a process that cannot find libtorch at all. */
  public static LibtorchFacts missing(String problem) {
    return new LibtorchFacts("", "", unitsOfThisHost(), "", "", problem);
  }

  /** Whether it has programs for cards. */
  public boolean knowsCuda() {
    return !cuda.isEmpty();
  }

  private static String unitsOfThisHost() {
    VectorUnits units = VectorUnits.ofThisHost();
    return (units.oneDnn() + "/" + units.blas()).toLowerCase(Locale.ROOT);
  }

  private static String runtime() {
    return number("libcudart.so", "cudaRuntimeGetVersion").map(CudaDriver::version).orElse("?");
  }

  private static String mappedNccl() {
    return number("libnccl.so", "ncclGetVersion")
        .map(code -> NcclVersion.of(code).toString())
        .orElse("");
  }

  /** What a function without other arguments gives, of a library that came with libtorch. */
  private static Optional<Integer> number(String library, String function) {
    return NativeEnvironment.mapped(library)
        .map(
            path -> {
              IntByReference number = new IntByReference();
              int error = SharedLibrary.at(Path.of(path)).call(function, number);
              if (error != 0) {
                throw new IllegalStateException(function + " failed: error " + error);
              }
              return number.getValue();
            });
  }

  /** The loader's own words are those of the innermost cause. */
  private static String reason(Throwable thrown) {
    Throwable cause = thrown;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return "Cannot load libtorch: " + cause.getMessage();
  }
}
