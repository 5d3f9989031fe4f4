package dev.anneal.jobs.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.evaluate.EvaluateJob;
import dev.anneal.jobs.export.ExportJob;
import dev.anneal.jobs.generate.GenerateJob;
import dev.anneal.jobs.generate.TinyModel;
import dev.anneal.jobs.inspect.InspectJob;
import dev.anneal.jobs.job.SparkJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
  void aFolderComesWithWhatIsLoadedFromItAndGoesWhenItIsClosed() throws IOException {
    Path model = Files.createDirectories(temp.resolve("model/additional_chat_templates"));
    Files.writeString(model.resolve("tool_use.jinja"), "里");
    Files.createDirectories(temp.resolve("model/onnx"));
    Files.writeString(temp.resolve("model/onnx/model.onnx"), "another program's");
    Files.writeString(temp.resolve("model/pytorch_model.bin"), "the same weights again");
    Files.writeString(temp.resolve("model/config.json"), "{}");
    HadoopFileStore store = HadoopFileStore.ofEnvironment();
    Path copy;
    try (HostFiles files = new FetchPlan(store, "a-run", 0).open()) {
      assertThat(files.folder(temp + "/model", "model.path")).isEqualTo(temp.resolve("model"));
      copy = files.folder("oss:" + temp + "/model", "model.path");
      assertThat(copy).isNotEqualTo(temp.resolve("model"));
      assertThat(copy.resolve("additional_chat_templates/tool_use.jinja")).hasContent("里");
      assertThat(copy.resolve("config.json")).hasContent("{}");
      assertThat(copy.resolve("pytorch_model.bin")).as("named, not fetched").isEmptyFile();
      assertThat(copy.resolve("onnx")).doesNotExist();
      assertThatThrownBy(() -> files.folder("oss:/no/such", "model.path"))
          .isInstanceOf(ConfigException.class)
          .hasMessage("Cannot read model.path: oss:/no/such (no such folder)");
    }
    assertThat(copy).doesNotExist();
    assertThat(temp.resolve("model/config.json")).exists();
  }

  @Test
  void headersComeWithoutTheWeightsBehindThem() throws IOException {
    Path model = temp.resolve("model");
    TinyModel.write(model, TinyModel.Head.TIED);
    HadoopFileStore store = HadoopFileStore.ofEnvironment();
    try (HostFiles files = new FetchPlan(store, "a-run", 0).open()) {
      Path copy = files.headers("oss:" + model, "model.path");
      Path weights = copy.resolve("model.safetensors");
      assertThat(weights).hasSize(Files.size(model.resolve("model.safetensors")));
      try (SafetensorsReader here = SafetensorsReader.openFolder(copy);
          SafetensorsReader there = SafetensorsReader.openFolder(model)) {
        assertThat(here.tensors().keySet()).isEqualTo(there.tensors().keySet());
      }
      byte[] tail = new byte[64];
      assertThat(Files.readAllBytes(weights)).as("a hole").endsWith(tail);
    }
  }

  @Test
  void aTiedHeadThatIsStoredComesWithItsValues() throws IOException {
    Path model = temp.resolve("model");
    TinyModel.write(model, TinyModel.Head.OWN);
    Path config = model.resolve("config.json");
    HadoopFileStore store = HadoopFileStore.ofEnvironment();
    for (boolean tied : new boolean[] {true, false}) {
      String text = Files.readString(config);
      Files.writeString(
          config,
          text.replaceAll(
              "\"tie_word_embeddings\" *: *(true|false)", "\"tie_word_embeddings\": " + tied));
      try (HostFiles files = new FetchPlan(store, "run-" + tied, 0).open();
          SafetensorsReader there = SafetensorsReader.openFolder(model);
          SafetensorsReader here =
              SafetensorsReader.openFolder(files.headers("oss:" + model, "model.path"))) {
        for (String name : List.of("lm_head.weight", "model.embed_tokens.weight")) {
          assertThat(here.map(name).equals(there.map(name)))
              .as("%s, tied %s", name, tied)
              .isEqualTo(tied);
        }
        assertThat(here.map("model.norm.weight").getInt(0)).isZero();
      }
    }
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
