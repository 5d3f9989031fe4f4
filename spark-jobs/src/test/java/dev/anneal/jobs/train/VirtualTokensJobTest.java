package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.export.ExportJob;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs with virtual tokens: they begin as a text, are exported, and cannot be merged. */
class VirtualTokensJobTest {
  private static final String TEXT = "The lamp of house 7 is red.";

  @TempDir static Path temporary;
  private static TrainFixture fixture;

  @BeforeAll
  static void writeModelAndShards() throws IOException {
    fixture = new TrainFixture(temporary);
  }

  private static JobLine train(Path output, String... more) {
    String[] settings = new String[more.length + 2];
    settings[0] = "adapter.peft_type=prompt_tuning";
    settings[1] = "adapter.num_virtual_tokens=3";
    System.arraycopy(more, 0, settings, 2, more.length);
    return fixture.train(output, settings);
  }

  @Test
  void beginsAsATextByTheModelsTokenizer() throws IOException {
    Path output = fixture.folder.resolve("run text");
    JobLine line =
        train(
            output,
            "adapter.prompt_tuning_init=text",
            "adapter.prompt_tuning_init_text=" + TEXT,
            "train.learning_rate=1e-30",
            "train.max_steps=1",
            "distributed.world_size=2");
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(values(output.resolve("adapter/adapter_model.safetensors"), "prompt_embeddings"))
        .isEqualTo(firstEmbeddings());
  }

  private static float[] firstEmbeddings() throws IOException {
    int[] ids;
    try (Tokenizer tokenizer = Tokenizers.open(TokenizerFolder.open(fixture.model))) {
      ids = tokenizer.encode(TEXT);
    }
    assertThat(ids).hasSizeGreaterThan(3);
    float[] all = values(fixture.model.resolve("model.safetensors"), "model.embed_tokens.weight");
    int hidden;
    try (SafetensorsReader reader =
        SafetensorsReader.openFile(fixture.model.resolve("model.safetensors"))) {
      TensorInfo info = reader.tensors().get("model.embed_tokens.weight");
      hidden = info.shape().dimensions().get(1).intValue();
    }
    float[] rows = new float[3 * hidden];
    for (int i = 0; i < 3; i++) {
      System.arraycopy(all, ids[i] * hidden, rows, i * hidden, hidden);
    }
    return rows;
  }

  @Test
  void saysThatThereIsNoTokenizerForTheText() throws IOException {
    Path model = fixture.copy(fixture.model, "model without tokenizer");
    Files.delete(model.resolve("tokenizer.json"));
    JobLine line =
        train(
            fixture.folder.resolve("run no tokenizer"),
            "model.path=" + model,
            "adapter.prompt_tuning_init=text",
            "adapter.prompt_tuning_init_text=" + TEXT);
    assertThat(line.err()).contains("it holds no tokenizer.json").doesNotContain("\tat ");
    assertThat(line.code()).isEqualTo(2);
  }

  @Test
  void isExportedFromACheckpointAndCannotBeMerged() throws IOException {
    Path output = fixture.folder.resolve("run export");
    JobLine run =
        fixture.train(
            output,
            "adapter.peft_type=prefix_tuning",
            "adapter.num_virtual_tokens=3",
            "adapter.prefix_projection=true");
    assertThat(run.code()).as(run.err()).isZero();
    JobLine merged = export("merged", output, "export.format=model");
    assertThat(merged.err())
        .contains("Cannot merge PREFIX_TUNING: its virtual tokens are no weights of the model")
        .doesNotContain("\tat ");
    assertThat(merged.code()).isEqualTo(2);
    assertThat(fixture.folder.resolve("merged"))
        .isDirectoryNotContaining(file -> !file.endsWith("result.json"));

    JobLine adapter = export("exported", output, "export.format=adapter");
    assertThat(adapter.code()).as(adapter.err()).isZero();
    assertThat(fixture.folder.resolve("exported/adapter_model.safetensors"))
        .hasSameBinaryContentAs(output.resolve("adapter/adapter_model.safetensors"));
  }

  private static JobLine export(String name, Path run, String format) {
    return JobLine.run(
        new ExportJob(),
        "export.checkpoint=" + run.resolve("checkpoints"),
        "export.output=" + fixture.folder.resolve(name),
        "model.path=" + fixture.model,
        format);
  }

  private static float[] values(Path file, String name) throws IOException {
    try (SafetensorsReader reader = SafetensorsReader.openFile(file)) {
      FloatBuffer floats = reader.map(name).asFloatBuffer();
      float[] values = new float[floats.remaining()];
      floats.get(values);
      return values;
    }
  }
}
