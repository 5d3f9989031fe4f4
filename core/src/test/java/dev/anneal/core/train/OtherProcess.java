package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program with the tests' class path in a JVM of its own. */
final class OtherProcess {
  private OtherProcess() {}

  /**
   * Runs it to its end, which must be a good one, and gives what it said.
   *
   * @param options of the JVM
   * @param log where all that it prints goes
   * @param said how the line begins that it was started for
   * @return that line, or everything where there is none
   */
  static String run(Class<?> main, List<String> options, Path log, String said, String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("ends in time").isTrue();
    String output = Files.readString(log, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as(output).isZero();
    return output.lines().filter(line -> line.startsWith(said)).findFirst().orElse(output);
  }
}
