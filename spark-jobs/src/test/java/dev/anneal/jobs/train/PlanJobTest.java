package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.jobs.JobLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanJobTest {
  private static final String LORA = "adapter.peft_type=LORA";

  @TempDir static Path temporary;
  private static TrainFixture fixture;

  @BeforeAll
  static void write() throws IOException {
    fixture = new TrainFixture(temporary);
  }

  private static JobLine plan(String... settings) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "model.path=" + fixture.model,
                "data.train=" + fixture.shards,
                "train.per_device_train_batch_size=2"));
    all.addAll(List.of(settings));
    return JobLine.run(new PlanJob(), all.toArray(String[]::new));
  }

  private static String shown(JobLine line) {
    assertThat(line.code()).as(line.err()).isZero();
    return line.out().replaceAll(": +", ": ");
  }

  @Test
  void saysWhatTheRunNeedsAndLeavesTheFolderFree() throws IOException {
    Path output = temporary.resolve("a run 运行");
    String text = shown(plan(LORA, "train.max_steps=4", "train.output_dir=" + output));
    assertThat(text)
        .startsWith("plan for " + fixture.model)
        .contains("layer backward: written (")
        .contains("global batch: 2 rows, about ")
        .contains("steps: 4, ")
        .contains("largest batch: 48 tokens on a rank")
        .contains("recomputed layers: none")
        .contains("frozen weights: ")
        .contains("optimizer: ")
        .contains("(this host's memory over its ranks): fits");
    JsonNode result = TrainFixture.result(output.resolve("plan"));
    assertThat(result.toString()).contains("\"steps\":4").contains("memory_per_rank_bytes");
    assertThat(Files.list(output)).containsExactly(output.resolve("plan"));
    JobLine run = fixture.train(output, LORA, "train.max_steps=1");
    assertThat(run.code()).as(run.err()).isZero();
  }

  @Test
  void calibratesOnTheRowsThemselves() throws IOException {
    Path output = temporary.resolve("calibrated");
    String text =
        shown(
            plan(
                LORA,
                "plan.calibrate=true",
                "train.max_steps=4",
                "train.gradient_accumulation_steps=3",
                "train.output_dir=" + output));
    assertThat(text)
        .containsPattern("a step here: [0-9.]+ s: 3 x [0-9.]+ s of forward and backward, ")
        .contains("speed here: ")
        .contains("the run here: about ");
    JsonNode counts = TrainFixture.result(output.resolve("plan")).get("counts");
    assertThat(counts.get("step_milliseconds").asLong()).isPositive();
    assertThat(counts.get("tokens_per_second").asLong()).isPositive();
  }

  @Test
  void needsNoOutputFolderAndNamesTheProgram() {
    assertThat(shown(plan("model.layer_backward=autograd")))
        .contains("layer backward: autograd (model.layer_backward = autograd)")
        .contains("by full tuning");
  }

  @Test
  void aBudgetChoosesTheLayers() {
    String text =
        shown(plan(LORA, "train.gradient_checkpointing=auto", "distributed.memory_per_rank=4g"));
    assertThat(text).contains("recomputed layers: none").contains("4.0 GiB (");
  }

  @Test
  void whatCannotFitIsRefusedByPlanAndTrain() throws IOException {
    Path output = temporary.resolve("too small");
    String[] settings = {"distributed.memory_per_rank=10m", "train.output_dir=" + output};
    JobLine planned = plan(settings);
    assertThat(planned.code()).isEqualTo(2);
    assertThat(planned.err())
        .contains(
            "Error: Cannot fit a rank into distributed.memory_per_rank: 10.0 MiB (needs about")
        .contains("train.gradient_checkpointing")
        .contains("train.per_device_train_batch_size");
    assertThat(planned.out()).contains("memory of a rank");
    assertThat(TrainFixture.result(output.resolve("plan")).toString()).contains("Cannot fit");
    JobLine trained = fixture.train(output, settings);
    assertThat(trained.code()).isEqualTo(2);
    assertThat(trained.err()).contains("Cannot fit a rank into distributed.memory_per_rank");
  }

  @Test
  void badInputIsTheTrainJobsError() {
    assertThat(plan("model.path=/no such model").err())
        .contains("Cannot read model")
        .contains("no such folder");
    assertThat(plan("train.gradient_checkpointing=auto").err())
        .contains("Missing distributed.memory_per_rank");
    assertThat(plan("data.train=[]").err()).contains("data.train");
  }
}
