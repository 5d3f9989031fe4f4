package dev.anneal.jobs.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.io.LocalFileStore;
import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.generate.TinyModel;
import dev.anneal.jobs.tokenize.TokenizeJob;
import dev.anneal.jobs.train.TrainJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectJobTest {
  @TempDir static Path temp;
  private static Path model;
  private static Path shards;
  private static Path run;

  @BeforeAll
  static void writeEverything() throws IOException {
    model = temp.resolve("a model");
    shards = temp.resolve("some shards");
    run = temp.resolve("a run");
    TinyModel.write(model, TinyModel.Head.TIED);
    Path corpus = temp.resolve("corpus.jsonl");
    Files.writeString(
        corpus,
        "{\"instruction\": \"Say hello\", \"output\": \"你好\"}\n"
            + "{\"instruction\": \"Say bye\", \"output\": \"bye\"}\n");
    ok(
        JobLine.run(
            new TokenizeJob(),
            "tokenize.tokenizer=" + model,
            "tokenize.stage=sft",
            "tokenize.inputs=[{path=\"" + corpus + "\"}]",
            "tokenize.block_size=64",
            "tokenize.output=" + shards));
    ok(
        JobLine.run(
            new TrainJob(),
            "model.path=" + model,
            "adapter.peft_type=LORA",
            "adapter.r=2",
            "data.train=[\"" + shards + "\"]",
            "data.eval=[\"" + shards + "\"]",
            "train.output_dir=" + run,
            "train.max_steps=2",
            "train.save_steps=1",
            "distributed.threads_per_rank=1"));
  }

  private static void ok(JobLine line) {
    assertThat(line.code()).as(line.err()).isZero();
  }

  private static String inspect(Path path, String... settings) {
    List<String> all = new ArrayList<>(List.of("inspect.path=" + path));
    all.addAll(Arrays.asList(settings));
    JobLine line = JobLine.run(new InspectJob(), all.toArray(new String[0]));
    ok(line);
    assertThat(line.err()).isEmpty();
    return line.out().replaceAll(": +", ": ");
  }

  @Test
  void describesShardsAndShowsRowsWithTheirMasks() {
    String text = inspect(shards, "inspect.rows=5", "model.path=" + model);
    assertThat(text)
        .startsWith("shards " + shards)
        .contains("rows: 1\n")
        .contains("columns: input_ids, labels, seq_lengths")
        .contains("tokenizer sha256: ")
        .contains("template sha256: ")
        .contains("option: packing = bfd")
        .contains("file: data-00000-of-00001.arrow 1 rows ")
        .contains("valid: yes")
        .contains("row 0: ")
        .contains("  sample 0: ")
        .contains(
            "    masked \"<|im_start|>user\\nSay hello<|im_end|>\\n<|im_start|>assistant\\n\"")
        .contains("    target \"你好<|im_end|>\"")
        .contains("    masked \"\\n\"");
    assertThat(inspect(shards, "inspect.rows=1")).contains("text: ids only").contains("[");
    assertThat(inspect(shards)).doesNotContain("row 0");
  }

  @Test
  void describesOtherFormatsAndNoticesDamage() throws IOException {
    Path corpus = Files.writeString(temp.resolve("text.jsonl"), "{\"text\": \"中文 text\"}\n");
    for (String outputs : List.of("[megatron, parquet]", "[arrow, megatron]")) {
      Path folder = temp.resolve("outputs " + outputs);
      ok(
          JobLine.run(
              new TokenizeJob(),
              "tokenize.tokenizer=" + model,
              "tokenize.inputs=[{path=\"" + corpus + "\"}]",
              "tokenize.outputs=" + outputs,
              "tokenize.output=" + folder));
      assertThat(inspect(folder))
          .startsWith("shards " + folder)
          .contains("rows: 1\n")
          .contains("output: megatron 1 rows or documents ")
          .contains("valid: yes");
      Path file = folder.resolve("megatron/data-00000-of-00001.bin");
      byte[] bytes = Files.readAllBytes(file);
      bytes[0] ^= 1;
      Files.write(file, bytes);
      JobLine line = JobLine.run(new InspectJob(), "inspect.path=" + folder);
      assertThat(line.err())
          .contains("Cannot read " + file + ": its size or sha256 differs from the manifest's");
      assertThat(line.code()).isEqualTo(3);
      Files.delete(file);
      line = JobLine.run(new InspectJob(), "inspect.path=" + folder);
      assertThat(line.err()).contains("Cannot read " + file + ": no such file");
    }
  }

  @Test
  void describesAForeignShardFolderAndADamagedOne() throws IOException {
    Path foreign = copy(shards, "foreign");
    new LocalFileStore().delete(foreign.resolve("_anneal").toString());
    assertThat(inspect(foreign)).contains("rows: 1\n").contains("made by: not anneal");
    Path unfinished = copy(shards, "unfinished");
    Files.delete(unfinished.resolve("state.json"));
    assertThat(inspect(unfinished)).contains("valid: no: not finished, state.json is missing");
    Path damaged = copy(shards, "damaged");
    Path file = damaged.resolve("data-00000-of-00001.arrow");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    JobLine line = JobLine.run(new InspectJob(), "inspect.path=" + damaged);
    assertThat(line.err()).contains("Error: Cannot read ").contains("sha256");
    assertThat(line.code()).isEqualTo(3);
  }

  private static Path copy(Path folder, String name) throws IOException {
    Path target = temp.resolve(name);
    try (var files = Files.walk(folder)) {
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(folder.relativize(file).toString()));
      }
    }
    return target;
  }

  @Test
  void describesAModel() {
    assertThat(inspect(model))
        .startsWith("model " + model)
        .contains("architecture: Qwen2ForCausalLM")
        .contains("layers: 2")
        .contains("vocabulary: 3,072, tied embeddings")
        .contains("F32")
        .contains("eos <|im_end|>, chat template");
  }

  @Test
  void describesAnAdapter() {
    assertThat(inspect(run.resolve("adapter")))
        .startsWith("adapter ")
        .contains("method: LORA")
        .contains("base model: " + model)
        .contains("r: 2\n")
        .contains("weights: 28 tensors, ");
  }

  @Test
  void describesARun() {
    assertThat(inspect(Path.of(run + "/")))
        .startsWith("run " + run + "\n")
        .contains("status: ok: trained 2 steps")
        .contains("steps: 2\n")
        .contains("first loss: ")
        .contains("evaluation: some shards step 2 loss ")
        .contains("checkpoint: step 1\n")
        .contains("checkpoint: step 2\n")
        .contains("adapter: " + run.resolve("adapter"));
  }

  @Test
  void describesACheckpointAndSaysWhetherItIsWhole() throws IOException {
    assertThat(inspect(run.resolve("checkpoints/step-000002")))
        .startsWith("checkpoint ")
        .contains("step: 2\n")
        .contains("world size: 1\n")
        .contains("parameters: 28 tensors, ")
        .contains("setting: train.seed = 42")
        .contains("valid: yes");
    Path torn = temp.resolve("step-000007");
    Files.createDirectories(torn);
    Files.writeString(torn.resolve("rank-00000.safetensors"), "x");
    assertThat(inspect(torn)).contains("valid: no: no manifest.json: it was never committed");
  }

  private static void refuses(String message, String... settings) {
    JobLine line = JobLine.run(new InspectJob(), settings);
    assertThat(line.err()).contains("Error: ").contains(message).doesNotContain("\tat ");
    assertThat(line.code()).isEqualTo(2);
    assertThat(line.out()).isEmpty();
  }

  @Test
  void saysWhatItCannotDescribe() throws IOException {
    refuses("Missing inspect.path");
    refuses("Cannot read inspect.path: /no where (no such folder)", "inspect.path=/no where");
    Path file = Files.writeString(temp.resolve("file.txt"), "x");
    refuses("(is a file; name its folder)", "inspect.path=" + file);
    Path empty = Files.createDirectories(temp.resolve("empty"));
    refuses(
        "Cannot tell what inspect.path is: " + empty + " (an empty folder",
        "inspect.path=" + empty);
    Path other = Files.createDirectories(temp.resolve("other"));
    Files.writeString(other.resolve("diary.txt"), "x");
    refuses("(holds diary.txt; must be a shard, checkpoint,", "inspect.path=" + other);
  }
}
