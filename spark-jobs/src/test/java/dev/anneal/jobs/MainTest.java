package dev.anneal.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.format.FormatException;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.run.TrainingFailedException;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.JobResult;
import dev.anneal.jobs.job.SparkJob;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
  @TempDir Path folder;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  /** A job that ends as the test says. */
  private record Probe(Work work) implements SparkJob {
    interface Work {
      JobResult run(JobContext context) throws Exception;
    }

    @Override
    public String name() {
      return "probe";
    }

    @Override
    public String description() {
      return "Ends as the test says.";
    }

    @Override
    public String outputFolder(AnnealConfig config) {
      return config.train().outputDir();
    }

    @Override
    public JobResult run(JobContext context) throws Exception {
      return work.run(context);
    }
  }

  private int run(Probe.Work work, String... arguments) {
    PrintStream outStream = new PrintStream(out, true, StandardCharsets.UTF_8);
    PrintStream errStream = new PrintStream(err, true, StandardCharsets.UTF_8);
    return new Main(List.of(new Probe(work)), LocalFileStore::new, outStream, errStream)
        .run(arguments);
  }

  private JsonNode result() throws IOException {
    return new ObjectMapper().readTree(folder.resolve("aus gabe/result.json").toFile());
  }

  private String output() {
    return "train.output_dir=" + folder.resolve("aus gabe");
  }

  @Test
  void aJobThatEndsWellSaysWhatItDid() throws IOException {
    int code =
        run(
            context -> {
              context.out().println("你好 " + context.config().train().seed());
              return JobResult.ok("done").withCount("steps", 20).withPath("adapter", "a/b");
            },
            "probe",
            "-s",
            output(),
            "-s",
            "train.seed=7");
    assertThat(code).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("你好 7");
    assertThat(result().path("status").asText()).isEqualTo("ok");
    assertThat(result().path("exit_code").asInt(-1)).isZero();
    assertThat(result().path("counts").path("steps").asInt()).isEqualTo(20);
    assertThat(result().path("paths").path("adapter").asText()).isEqualTo("a/b");
  }

  @Test
  void everyFailureHasItsClassInExitCodeAndResult() throws IOException {
    assertThat(end(new TrainingFailedException("Loss is NaN"))).isEqualTo("4 training");
    assertThat(end(new FormatException("Cannot read x: torn"))).isEqualTo("3 data");
    assertThat(end(new RuntimeException(new NoSuchFileException("/x y")))).isEqualTo("3 data");
    assertThat(result().path("message").asText()).isEqualTo("Cannot read /x y: no such file");
    assertThat(end(new IOException("No space left on device"))).isEqualTo("5 infrastructure");
    assertThat(end(new IllegalStateException("odd"))).isEqualTo("1 internal");
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("Error: Loss is NaN")
        .contains("at dev.anneal.jobs.MainTest");
  }

  private String end(Exception failure) throws IOException {
    int code =
        run(
            context -> {
              throw failure;
            },
            "probe",
            "-s",
            output());
    assertThat(result().path("exit_code").asInt()).isEqualTo(code);
    assertThat(result().path("status").asText()).isEqualTo("failed");
    return code + " " + result().path("exit_class").asText();
  }

  @Test
  void aSettingToMendIsOneLineAndKeepsAnEarlierResult() throws IOException {
    run(context -> JobResult.ok("first"), "probe", "-s", output());
    int code =
        run(
            context -> {
              context.config().model().requirePath();
              return JobResult.ok("never");
            },
            "probe",
            "-s",
            output());
    assertThat(code).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8).strip())
        .isEqualTo("Error: Missing model.path (set it with -s model.path=...)");
    assertThat(result().path("message").asText()).isEqualTo("first");
  }

  @Test
  void aConfigurationThatDoesNotLoadIsReportedInItsOutputFolder() throws IOException {
    int code =
        run(context -> JobResult.ok(""), "probe", "-s", "trian.x=1", "-c", "none", "-s", output());
    assertThat(code).isEqualTo(2);
    assertThat(result().path("exit_class").asText()).isEqualTo("config");
    assertThat(result().path("message").asText()).isEqualTo("Cannot read none: no such file");
    Files.delete(folder.resolve("aus gabe/result.json"));
    run(context -> JobResult.ok(""), "probe", "-s", "trian.x=1", "-s", output());
    assertThat(result().path("message").asText()).contains("Unknown key: trian.x");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pretrain", "full", "sft-lora.conf", "tokenize"})
  void everyPresetLoads(String preset) {
    assertThat(run(context -> JobResult.ok(""), "probe", "-c", preset)).isZero();
  }

  @Test
  void filesPresetsAndSettingsAreMergedInOrder() throws IOException {
    Path file = Files.writeString(folder.resolve("my run.conf"), "train.seed = 5");
    int code =
        run(
            context -> JobResult.ok("seed").withCount("seed", context.config().train().seed()),
            "probe",
            "-c",
            file.toString(),
            "-c",
            "pretrain",
            "-s",
            output());
    assertThat(code).isZero();
    assertThat(result().path("counts").path("seed").asInt()).isEqualTo(5);
    assertThat(run(context -> JobResult.ok(""), "probe", "-c", "nosuch.conf")).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("Error: Cannot read nosuch.conf: no such file");
  }

  @Test
  void wrongArgumentsEndWithTwo() {
    assertThat(run(context -> JobResult.ok(""), "prob")).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("prob");
    assertThat(run(context -> JobResult.ok(""))).isEqualTo(2);
    assertThat(run(context -> JobResult.ok(""), "probe", "-s", "x.y=1")).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("Unknown key: x.y");
  }

  @Test
  void aDriverHostedByYarnMustReturn() {
    SparkConf yarn = new SparkConf(false).set("spark.master", "yarn");
    assertThat(Main.isYarnDriver(yarn)).isFalse();
    assertThat(Main.isYarnDriver(yarn.set("spark.submit.deployMode", "cluster"))).isTrue();
    assertThat(Main.isYarnDriver(new SparkConf(false))).isFalse();
  }

  @Test
  void theHelpListsJobsAndExitCodes() {
    assertThat(run(context -> JobResult.ok(""), "--help")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("probe")
        .contains("Ends as the test says.")
        .contains("Exit codes")
        .doesNotContain("plan");
  }
}
