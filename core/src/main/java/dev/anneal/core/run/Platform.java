package dev.anneal.core.run;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The machine and JVM of a process. Floating point results may differ in the last bits between
 * processors, so a run that is to be repeated needs to know them. Holds no host or user name.
 *
 * @param memoryBytes of the machine; 0 when unknown
 */
public record Platform(
    String jvm, String operatingSystem, String processor, int cores, long memoryBytes) {

  public static Platform current() {
    return new Platform(
        System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"),
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch"),
        processor(Path.of("/proc/cpuinfo")),
        Runtime.getRuntime().availableProcessors(),
        machineMemory());
  }

  /** The model name that Linux gives; the architecture where there is none. */
  static String processor(Path cpuinfo) {
    try {
      List<String> lines = Files.readAllLines(cpuinfo);
      for (String line : lines) {
        if (line.startsWith("model name") && line.contains(":")) {
          return line.substring(line.indexOf(':') + 1).trim();
        }
      }
    } catch (IOException e) {
      return System.getProperty("os.arch");
    }
    return System.getProperty("os.arch");
  }

  private static long machineMemory() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean bean
        ? bean.getTotalMemorySize()
        : 0;
  }
}
