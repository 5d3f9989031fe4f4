package dev.anneal.core.model;

import dev.anneal.core.script.Program;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Whose kernels multiply matrices. libtorch's BLAS (MKL) keeps to AVX2 on processors of other
 * makers; oneDNN, which libtorch also brings, uses AVX-512 wherever the processor has it.
 */
enum MatrixProducts {
  BLAS("products-blas.torchscript"),
  ONEDNN("products-onednn.torchscript");

  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  private final String resource;

  MatrixProducts(String resource) {
    this.resource = resource;
  }

  /** The methods {@code product} and {@code map_rows} of a program. */
  String source() {
    return Program.source(MatrixProducts.class, resource);
  }

  /** The faster one on this host: a matter of its processor alone, so that runs repeat. */
  static MatrixProducts ofThisHost() {
    if (!Files.isReadable(PROCESSORS)) {
      return BLAS;
    }
    try {
      return of(Files.readAllLines(PROCESSORS, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + PROCESSORS, e);
    }
  }

  /**
   * @param processors the lines of Linux's /proc/cpuinfo
   */
  static MatrixProducts of(List<String> processors) {
    boolean otherMaker = has(processors, "vendor_id", "AuthenticAMD");
    return otherMaker && has(processors, "flags", "avx512f") ? ONEDNN : BLAS;
  }

  private static boolean has(List<String> lines, String key, String word) {
    return lines.stream()
        .filter(line -> line.startsWith(key))
        .anyMatch(line -> List.of(line.split("\\s+")).contains(word));
  }
}
