package dev.anneal.core.tensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How wide each library of matrix products may compute on a processor. A fact of the processor and
 * of the environment of the process, not a measurement. Immutable.
 *
 * @param oneDnn oneDNN asks the processor what it can do
 * @param blas MKL, which keeps to AVX2 on processors of other makers than Intel
 */
public record VectorUnits(Width oneDnn, Width blas) {
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  /** Widths that kernels differ by, in order. */
  public enum Width {
    /** Narrower, or of a processor that nobody measured. */
    OTHER,
    AVX2,
    AVX512;

    Width atMost(Width cap) {
      return compareTo(cap) < 0 ? this : cap;
    }
  }

  public static VectorUnits ofThisHost() {
    if (!Files.isReadable(PROCESSORS)) {
      return new VectorUnits(Width.OTHER, Width.OTHER);
    }
    try {
      return of(Files.readAllLines(PROCESSORS, StandardCharsets.UTF_8), System.getenv());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + PROCESSORS, e);
    }
  }

  /**
   * @param processors the lines of Linux's /proc/cpuinfo
   * @param environment of the process; both libraries can be kept narrower by it
   */
  public static VectorUnits of(List<String> processors, Map<String, String> environment) {
    Width width = width(processors);
    boolean otherMaker = has(processors, "vendor_id", "AuthenticAMD");
    String oneDnn =
        environment.getOrDefault(
            "ONEDNN_MAX_CPU_ISA", environment.getOrDefault("DNNL_MAX_CPU_ISA", ""));
    String blas = environment.getOrDefault("MKL_ENABLE_INSTRUCTIONS", "");
    return new VectorUnits(
        width.atMost(cap(oneDnn)),
        width.atMost(cap(blas)).atMost(otherMaker ? Width.AVX2 : Width.AVX512));
  }

  private static Width width(List<String> processors) {
    if (has(processors, "flags", "avx512f")) {
      return Width.AVX512;
    }
    return has(processors, "flags", "avx2") ? Width.AVX2 : Width.OTHER;
  }

  /** The widest that an instruction set of either library's documentation stands for. */
  private static Width cap(String value) {
    String name = value.toUpperCase(Locale.ROOT);
    if (name.startsWith("AVX2")) {
      return Width.AVX2;
    }
    return name.equals("AVX") || name.startsWith("SSE") ? Width.OTHER : Width.AVX512;
  }

  private static boolean has(List<String> lines, String key, String word) {
    return lines.stream()
        .filter(line -> line.startsWith(key))
        .anyMatch(line -> List.of(line.split("\\s+")).contains(word));
  }
}
