package dev.anneal.jobs.io;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.SparkJob;
import dev.anneal.jobs.evaluate.EvaluateJob;
import dev.anneal.jobs.export.ExportJob;
import dev.anneal.jobs.generate.GenerateJob;
import dev.anneal.jobs.generate.TinyModel;
import dev.anneal.jobs.inspect.InspectJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Model, adapter, prompts and results on an object store. */
class RemoteModelTest {
  private static final String KEY = "spark.hadoop.fs.oss.impl";

  @TempDir Path temp;

  @BeforeEach
  void mountTheStore() {
    System.setProperty(KEY, HadoopFileStoreTest.Objects.class.getName());
  }

  @AfterEach
  void forgetTheStore() {
    System.clearProperty(KEY);
  }

  private static JobLine ok(SparkJob job, String... settings) {
    JobLine line = JobLine.run(job, settings);
    assertThat(line.code()).as(line.err()).isZero();
    return line;
  }

  @Test
  void aLocalCopyGoesWhenItIsClosed() throws IOException {
    Files.createDirectories(temp.resolve("model/inner"));
    Files.writeString(temp.resolve("model/inner/text"), "里");
    HadoopFileStore store = HadoopFileStore.ofEnvironment();
    Path copy;
    try (LocalFolder folder = LocalFolder.of(store, "oss:" + temp + "/model", "model.path")) {
      copy = folder.path();
      assertThat(copy).isNotEqualTo(temp.resolve("model"));
      assertThat(copy.resolve("inner/text")).hasContent("里");
    }
    assertThat(copy).doesNotExist();
    assertThat(temp.resolve("model/inner/text")).exists();
  }

  @Test
  void everyJobReadsAndWritesThere() throws IOException {
    Path model = temp.resolve("model");
    TinyModel.write(model, TinyModel.Head.TIED);
    TinyModel.writeAdapter(model, temp.resolve("adapter"));
    Files.writeString(temp.resolve("prompts.jsonl"), "{\"prompt\": \"你好\"}\n");
    Files.writeString(
        temp.resolve("questions.jsonl"), "{\"question\": \"你好\", \"answer\": \"再见\"}\n");
    String there = "oss:" + temp;
    String base = "model.path=" + there + "/model";
    String adapter = "adapter.path=" + there + "/adapter";
    String tokens = "generate.max_new_tokens=6";
    ok(new ExportJob(), base, adapter, "export.output=" + there + "/merged");
    assertThat(temp.resolve("merged/config.json")).exists();
    String merged =
        ok(new GenerateJob(), "model.path=" + temp + "/merged", tokens, "generate.prompt=你好").out();
    ok(
        new GenerateJob(),
        base,
        adapter,
        tokens,
        "generate.input=" + there + "/prompts.jsonl",
        "generate.output=" + there + "/answers.jsonl");
    assertThat(temp.resolve("answers.jsonl")).content().contains(merged.strip());
    ok(
        new EvaluateJob(),
        base,
        adapter,
        "evaluate.questions=[\"" + there + "/questions.jsonl\"]",
        "evaluate.max_new_tokens=6",
        "evaluate.output_dir=" + there + "/eval");
    assertThat(temp.resolve("eval/eval.json")).exists();
    assertThat(ok(new InspectJob(), "inspect.path=" + there + "/merged").out())
        .contains("Qwen2ForCausalLM");
    JobLine absent =
        JobLine.run(new GenerateJob(), "model.path=" + there + "/no where", "generate.prompt=a");
    assertThat(absent.err())
        .contains("Error: Cannot read model.path: " + there + "/no where (no such folder)");
  }
}
