package dev.anneal.core.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public class RunManifestTest {
  @Test
  void readsBackWhatItWrote() throws Exception {
    RunManifest manifest = manifest();

    assertThat(RunManifest.fromJson(manifest.toJson())).isEqualTo(manifest);
  }

  @Test
  void refusesAnotherVersion() {
    assertThatThrownBy(() -> RunManifest.fromJson("{\"format_version\":9}"))
        .isInstanceOf(IOException.class)
        .hasMessage("Unsupported run manifest version: 9 (supported: 1)");
  }

  @Test
  void knowsThisBuildAndThisMachine() {
    assertThat(BuildVersion.current().version()).matches("\\d+\\.\\d+\\.\\d+.*");
    assertThat(BuildVersion.current().commit()).doesNotContain("$");
    assertThat(new BuildVersion("0.1.0", "0123456789abcdef").display())
        .isEqualTo("0.1.0 (0123456789)");
    assertThat(Platform.current().cores()).isPositive();
    assertThat(Platform.current().memoryBytes()).isPositive();
    assertThat(Platform.current().processor()).isNotBlank();
  }

  @Test
  void readsTheProcessorNameAndFallsBackToTheArchitecture(@TempDir Path folder) throws Exception {
    Path cpuinfo =
        Files.writeString(folder.resolve("cpu info"), "processor\t: 0\nmodel name\t: Quill: 9\n");

    assertThat(Platform.processor(cpuinfo)).isEqualTo("Quill: 9");
    assertThat(Platform.processor(folder.resolve("none"))).isEqualTo(System.getProperty("os.arch"));
  }

  @Test
  void readsMemoryFromTheStatusOfTheProcess(@TempDir Path folder) throws Exception {
    Path status =
        Files.writeString(folder.resolve("status"), "Name: x\nVmHWM:\t  3000 kB\nVmRSS: 2000 kB\n");

    assertThat(ProcessMemory.read(status)).isEqualTo(new ProcessMemory(2_048_000, 3_072_000));
    assertThat(ProcessMemory.read(folder.resolve("none")).residentBytes()).isPositive();
    Path broken = Files.writeString(folder.resolve("broken"), "VmRSS: many kB\n");
    assertThat(ProcessMemory.read(broken).peakBytes()).isPositive();
    assertThat(ProcessMemory.now().peakBytes()).isGreaterThanOrEqualTo(1 << 20);
  }

  public static RunManifest manifest() {
    return new RunManifest(
        new BuildVersion("0.1.0", "1a2b3c4d5e6f7a8b"),
        Instant.parse("2026-03-04T05:06:07Z"),
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        new RunManifest.Source("sample/model", "60303ae22b998861bce3b28f33eec1be758a213c86c93c07"),
        List.of(
            new RunManifest.Source("runs/quick start/pretrain", "fd61a03af4f77d870fc21e05e7e80678"),
            new RunManifest.Source("runs/语料", "")),
        42,
        2,
        "2.7.1 cpu",
        new Platform(
            "OpenJDK 17.0.15", "Linux 6.1 amd64", "Quill 9 at 2.7 GHz", 2, 24_000_000_000L));
  }
}
