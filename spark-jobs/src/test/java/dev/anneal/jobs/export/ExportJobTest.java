package dev.anneal.jobs.export;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.generate.GenerateJob;
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

class ExportJobTest {
  @TempDir static Path temp;
  private static Path model;
  private static Path adapter;
  private static Path shards;

  @BeforeAll
  static void writeModel() throws IOException {
    model = temp.resolve("a model");
    adapter = temp.resolve("an adapter");
    shards = temp.resolve("shards");
    TinyModel.write(model, TinyModel.Head.OWN);
    TinyModel.writeAdapter(model, adapter);
    Path corpus = temp.resolve("corpus.jsonl");
    Files.writeString(corpus, "{\"text\": \"one two three 一二三 \"}\n".repeat(40));
    JobLine line =
        JobLine.run(
            new TokenizeJob(),
            "tokenize.tokenizer=" + model,
            "tokenize.stage=pt",
            "tokenize.inputs=[{path=\"" + corpus + "\"}]",
            "tokenize.block_size=32",
            "tokenize.output=" + shards);
    assertThat(line.code()).as(line.err()).isZero();
  }

  private static JobLine export(String... settings) {
    List<String> all = new ArrayList<>(List.of("distributed.threads_per_rank=1"));
    all.addAll(Arrays.asList(settings));
    return JobLine.run(new ExportJob(), all.toArray(new String[0]));
  }

  private static Path train(String name, String... settings) {
    Path run = temp.resolve(name);
    List<String> all =
        new ArrayList<>(
            List.of(
                "model.path=" + model,
                "data.train=[\"" + shards + "\"]",
                "train.output_dir=" + run,
                "train.max_steps=3",
                "train.save_steps=2",
                "train.learning_rate=0.01",
                "train.per_device_train_batch_size=2",
                "distributed.threads_per_rank=1"));
    all.addAll(Arrays.asList(settings));
    JobLine line = JobLine.run(new TrainJob(), all.toArray(new String[0]));
    assertThat(line.code()).as(line.err()).isZero();
    return run;
  }

  private static String answer(Path model, String... settings) {
    List<String> all =
        new ArrayList<>(
            List.of("model.path=" + model, "generate.prompt=Wo?", "generate.max_new_tokens=12"));
    all.addAll(Arrays.asList(settings));
    JobLine line = JobLine.run(new GenerateJob(), all.toArray(new String[0]));
    assertThat(line.code()).as(line.err()).isZero();
    return line.out();
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  @Test
  void mergesAnAdapterIntoAModelFolder() throws IOException {
    Path output = temp.resolve("merg ed");
    JobLine line =
        export("model.path=" + model, "adapter.path=" + adapter, "export.output=" + output);
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(line.out())
        .startsWith("Wrote " + output + " (largest difference of logits ")
        .contains("allowed ");
    assertThat(json(output.resolve("result.json")).get("counts").get("largest_logit_difference"))
        .isNotNull();
    assertThat(output.resolve("tokenizer.json"))
        .hasSameBinaryContentAs(model.resolve("tokenizer.json"));
    String merged = answer(output);
    assertThat(merged)
        .isEqualTo(answer(model, "adapter.path=" + adapter))
        .isNotEqualTo(answer(model));
    // What a killed export leaves does not stop the next one.
    Files.writeString(output.resolve("result.json"), "{\"job\": \"export\"}");
    // A second export takes the place of the first.
    JobLine again =
        export("model.path=" + model, "adapter.path=" + adapter, "export.output=" + output);
    assertThat(again.code()).as(again.err()).isZero();
  }

  @Test
  void combinesAdaptersWithoutTheirBase() throws IOException {
    Path output = temp.resolve("com bined");
    String halves =
        "export.adapters=[{path=\"%s\", weight=0.5}, {path=\"%s\", weight=0.5}]"
            .formatted(adapter, adapter);
    JobLine line =
        export(
            halves,
            "export.combination_type=cat",
            "export.format=adapter",
            "export.output=" + output);
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(line.out()).startsWith("Wrote " + output + " (r 8; its change is ");
    assertThat(json(output.resolve("adapter_config.json")).get("r").asInt()).isEqualTo(8);
    assertThat(answer(model, "adapter.path=" + output))
        .isEqualTo(answer(model, "adapter.path=" + adapter))
        .isNotEqualTo(answer(model));
    JobLine refused =
        export(halves, "export.output=" + temp.resolve("none"), "adapter.path=" + adapter);
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err())
        .contains("Invalid adapter.path: has no effect with export.adapters (leave it out)");
  }

  @Test
  void writesTheTypeAndTheFileSizeAskedFor() throws IOException {
    Path output = temp.resolve("merged bf16");
    JobLine line =
        export(
            "model.path=" + model,
            "adapter.path=" + adapter,
            "export.output=" + output,
            "export.dtype=bfloat16",
            "export.max_shard_mb=1");
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(json(output.resolve("config.json")).get("torch_dtype").asText())
        .isEqualTo("bfloat16");
    try (SafetensorsReader reader = SafetensorsReader.openFolder(output)) {
      assertThat(reader.tensors().values())
          .extracting(tensor -> tensor.dtype().name())
          .containsOnly("BF16");
    }
    Path split = temp.resolve("merged split");
    assertThat(
            export(
                    "model.path=" + model,
                    "adapter.path=" + adapter,
                    "export.output=" + split,
                    "export.max_shard_mb=1")
                .code())
        .isZero();
    assertThat(split.resolve("model-00001-of-00002.safetensors")).exists();
    try (SafetensorsReader reader = SafetensorsReader.openFolder(split)) {
      assertThat(reader.tensors().values().stream().map(TensorInfo::file).distinct()).hasSize(2);
    }
    assertThat(answer(split)).isEqualTo(answer(model, "adapter.path=" + adapter));
  }

  @Test
  void writesFloat16() throws IOException {
    Path output = temp.resolve("merged fp16");
    JobLine line =
        export(
            "model.path=" + model,
            "adapter.path=" + adapter,
            "export.output=" + output,
            "export.dtype=fp16");
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(json(output.resolve("config.json")).get("torch_dtype").asText())
        .isEqualTo("float16");
    try (SafetensorsReader reader = SafetensorsReader.openFolder(output)) {
      assertThat(reader.tensors().values())
          .extracting(tensor -> tensor.dtype().name())
          .containsOnly("F16");
    }
  }

  @Test
  void aTiedModelKeepsOneEmbedding() throws IOException {
    Path tied = temp.resolve("tied");
    TinyModel.write(tied, TinyModel.Head.TIED);
    Path output = temp.resolve("tied merged");
    JobLine line =
        export("model.path=" + tied, "adapter.path=" + adapter, "export.output=" + output);
    assertThat(line.code()).as(line.err()).isZero();
    try (SafetensorsReader reader = SafetensorsReader.openFolder(output)) {
      assertThat(reader.tensors()).containsKey("model.embed_tokens.weight");
      assertThat(reader.tensors()).doesNotContainKey("lm_head.weight");
    }
    assertThat(json(output.resolve("config.json")).get("tie_word_embeddings").asBoolean()).isTrue();
  }

  @Test
  void makesAnAdapterOfACheckpoint() throws IOException {
    Path run = train("lora run", "adapter.peft_type=LORA", "adapter.r=2", "adapter.lora_alpha=6");
    Path output = temp.resolve("adapter of checkpoint");
    JobLine line =
        export("export.checkpoint=" + run, "export.format=adapter", "export.output=" + output);
    assertThat(line.code()).as(line.err()).isZero();
    for (String name : List.of("adapter_model.safetensors", "adapter_config.json")) {
      assertThat(output.resolve(name)).hasSameBinaryContentAs(run.resolve("adapter/" + name));
    }
    Path earlier = temp.resolve("merged step 2");
    JobLine step =
        export(
            "export.checkpoint=" + run.resolve("checkpoints/step-000002"),
            "export.output=" + earlier);
    assertThat(step.code()).as(step.err()).isZero();
    assertThat(earlier.resolve("model.safetensors")).exists();

    refuses(
        "Invalid export.checkpoint: its run had another adapter: {",
        "export.checkpoint=" + run,
        "model.path=" + model,
        "adapter.peft_type=LORA",
        "adapter.r=2",
        "export.output=" + temp.resolve("never"));
    refuses(
        "Invalid export.checkpoint: its run had another base model: ",
        "export.checkpoint=" + run,
        "model.path=" + earlier,
        "export.output=" + temp.resolve("never either"));
  }

  @Test
  void makesAModelOfACheckpointOfFullTuning() throws IOException {
    Path run = train("full run");
    Path output = temp.resolve("model of checkpoint");
    JobLine line = export("export.checkpoint=" + run, "export.output=" + output);
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(output.resolve("model.safetensors"))
        .hasSameBinaryContentAs(run.resolve("model/model.safetensors"));
    refuses(
        "Invalid export.format: ADAPTER (what is exported has no adapter",
        "export.checkpoint=" + run,
        "export.format=adapter",
        "export.output=" + temp.resolve("no adapter"));
    Path manifest = run.resolve("checkpoints/step-000003/manifest.json");
    Files.delete(manifest);
    Path torn = run.resolve("checkpoints/step-000002");
    try (var files = Files.list(torn)) {
      Path rank = files.filter(file -> file.toString().endsWith(".safetensors")).findFirst().get();
      byte[] bytes = Files.readAllBytes(rank);
      bytes[bytes.length - 1] ^= 1;
      Files.write(rank, bytes);
    }
    refuses(
        "does not match its checksum",
        "export.checkpoint=" + torn,
        "export.output=" + temp.resolve("torn"));
    refuses(
        "(holds no whole checkpoint; must be a step-NNNNNN folder or the output folder of a run)",
        "export.checkpoint=" + run,
        "export.output=" + temp.resolve("torn"));
  }

  @Test
  void exportsARunFromScratch() {
    Path run = train("scratch run", "model.from_scratch=true");
    Path output = temp.resolve("model from scratch");
    JobLine line = export("export.checkpoint=" + run, "export.output=" + output);
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(answer(output)).isEqualTo(answer(run.resolve("model")));
  }

  private static void refuses(String message, String... settings) {
    JobLine line = export(settings);
    assertThat(line.err()).contains("Error: ").contains(message).doesNotContain("\tat ");
    assertThat(line.code()).isEqualTo(2);
    assertThat(line.out()).isEmpty();
  }

  @Test
  void saysWhichKeyToMend() throws IOException {
    String base = "model.path=" + model;
    String from = "adapter.path=" + adapter;
    refuses("Missing export.output", base, from);
    refuses("Missing adapter.path", base, "export.output=" + temp.resolve("x"));
    refuses("Missing model.path", from, "export.output=" + temp.resolve("x"));
    Path full = temp.resolve("full of things");
    Files.createDirectories(full);
    Files.writeString(full.resolve("diary.txt"), "mine");
    refuses(
        "Invalid export.output: " + full + " (holds something else, such as diary.txt",
        base,
        from,
        "export.output=" + full);
    refuses("(holds something else, such as ", base, from, "export.output=" + full);
    assertThat(full.resolve("diary.txt")).hasContent("mine");
    refuses("(holds something else, such as ", base, from, "export.output=" + model);
    refuses("(holds something else, such as ", base, from, "export.output=" + model);
    Path merged = temp.resolve("merged once");
    assertThat(export(base, from, "export.output=" + merged).code()).isZero();
    refuses(
        "(is model.path; choose another folder)",
        "model.path=" + merged,
        from,
        "export.output=" + temp.resolve("x/../merged once"));
    refuses(
        "Invalid adapter.lora_alpha: 32 (the adapter_config.json of adapter.path",
        base,
        from,
        "adapter.lora_alpha=32",
        "export.output=" + temp.resolve("x2"));
    refuses(
        "(holds no whole checkpoint",
        base,
        "export.checkpoint=" + temp.resolve("nothing here"),
        "export.output=" + temp.resolve("x3"));
    refuses(
        "Invalid export.max_shard_mb: 0",
        base,
        from,
        "export.max_shard_mb=0",
        "export.output=" + temp.resolve("x4"));
  }
}
