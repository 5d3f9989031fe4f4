package dev.anneal.core.run;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Memory of this process, native memory included: what the operating system holds resident now, and
 * the most it ever held. Where there is no {@code /proc} both are what the JVM has committed, which
 * leaves libtorch's memory out.
 */
public record ProcessMemory(long residentBytes, long peakBytes) {
  private static final Path STATUS = Path.of("/proc/self/status");

  public static ProcessMemory now() {
    return read(STATUS);
  }

  static ProcessMemory read(Path status) {
    try {
      List<String> lines = Files.readAllLines(status);
      long resident = kibibytes(lines, "VmRSS:") * 1024;
      long peak = kibibytes(lines, "VmHWM:") * 1024;
      return new ProcessMemory(resident, Math.max(resident, peak));
    } catch (IOException | NumberFormatException e) {
      return committed();
    }
  }

  private static long kibibytes(List<String> lines, String key) {
    for (String line : lines) {
      if (line.startsWith(key)) {
        return Long.parseLong(line.substring(key.length()).replace("kB", "").trim());
      }
    }
    throw new NumberFormatException("Invalid status: no " + key);
  }

  private static ProcessMemory committed() {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    long bytes =
        memory.getHeapMemoryUsage().getCommitted() + memory.getNonHeapMemoryUsage().getCommitted();
    return new ProcessMemory(bytes, bytes);
  }
}
