package dev.anneal.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.generate.GenerateJob;
import dev.anneal.jobs.generate.TinyModel;
import dev.anneal.jobs.tokenize.TokenizeJob;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateJobTest {
  @TempDir static Path temp;
  private static Path model;
  private static Path adapter;
  private static Path shards;

  @BeforeAll
  static void writeModelAndShards() throws IOException {
    model = temp.resolve("a model");
    adapter = temp.resolve("an adapter");
    shards = temp.resolve("some shards");
    TinyModel.write(model, TinyModel.Head.TIED);
    TinyModel.writeAdapter(model, adapter);
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < 13; i++) {
      rows.add(
          "{\"instruction\": \"Count to "
              + i
              + " 数数\", \"output\": \""
              + "one 一 ".repeat(i + 1)
              + "\"}");
    }
    tokenize(rows, "sft", shards);
  }

  private static void tokenize(List<String> rows, String stage, Path output) throws IOException {
    Path corpus = Files.write(temp.resolve(output.getFileName() + ".jsonl"), rows);
    JobLine line =
        JobLine.run(
            new TokenizeJob(),
            "tokenize.tokenizer=" + model,
            "tokenize.stage=" + stage,
            "tokenize.packing=none",
            "tokenize.inputs=[{path=\"" + corpus + "\"}]",
            "tokenize.block_size=64",
            "tokenize.output=" + output);
    assertThat(line.code()).as(line.err()).isZero();
  }

  private static JobLine evaluate(String... settings) {
    List<String> all = new ArrayList<>();
    all.add("model.path=" + model);
    all.add("evaluate.max_new_tokens=6");
    all.add("distributed.threads_per_rank=1");
    all.addAll(Arrays.asList(settings));
    return JobLine.run(new EvaluateJob(), all.toArray(new String[0]));
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  private static Path questions(String name) throws IOException {
    String right =
        JobLine.run(
                new GenerateJob(),
                "model.path=" + model,
                "generate.prompt=Wo bist du?",
                "generate.max_new_tokens=6")
            .out()
            .strip();
    ObjectMapper mapper = new ObjectMapper();
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      lines.add(
          mapper
              .createObjectNode()
              .put("question", i == 3 ? "Wo bist du?" : "Question " + i + " 问题")
              .put("answer", i == 3 ? right + "。" : "nobody knows")
              .put("language", i == 3 ? "de" : "zh")
              .toString());
    }
    return Files.write(temp.resolve(name), lines);
  }

  @Test
  void writesTheSameScoresWithOneRankAndWithTwo() throws IOException {
    Path questions = questions("ques tions.jsonl");
    Path one = temp.resolve("eval one");
    Path two = temp.resolve("eval two");
    String data = "data.eval=[\"" + shards + "\"]";
    String asked = "evaluate.questions=[\"" + questions + "\"]";
    JobLine line = evaluate(data, asked, "evaluate.output_dir=" + one);
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(line.err()).isEmpty();
    assertThat(line.out())
        .contains(shards + ": loss ")
        .contains("(13 rows, ")
        .contains(questions + ": 1 of 5 right (20.0 %)")
        .contains("  right Wo bist du? -> ")
        .contains("  wrong Question 0 问题 -> ")
        .contains("(expected nobody knows)");
    JsonNode scores = json(one.resolve("eval.json"));
    JsonNode score = scores.get("data").get(0);
    assertThat(score.get("rows").asInt()).isEqualTo(13);
    assertThat(score.get("perplexity").asDouble())
        .isCloseTo(Math.exp(score.get("eval_loss").asDouble()), within(1e-9));
    assertThat(score.get("token_accuracy").asDouble()).isBetween(0.0, 1.0);
    JsonNode answered = scores.get("questions").get(0);
    assertThat(answered.get("correct").asInt()).isEqualTo(1);
    assertThat(answered.get("by_language").get("de").get("exact_match").asDouble()).isEqualTo(1);
    assertThat(answered.get("by_language").get("zh").get("total").asInt()).isEqualTo(4);
    assertThat(Files.readAllLines(one.resolve("generations.jsonl"))).hasSize(5);
    assertThat(json(one.resolve("result.json")).get("status").asText()).isEqualTo("ok");

    JobLine both = evaluate(data, asked, "evaluate.output_dir=" + two, "distributed.world_size=2");
    assertThat(both.code()).as(both.err()).isZero();
    assertThat(Files.readString(two.resolve("generations.jsonl")))
        .isEqualTo(Files.readString(one.resolve("generations.jsonl")));
    JsonNode same = json(two.resolve("eval.json")).get("data").get(0);
    assertThat(same.get("target_tokens")).isEqualTo(score.get("target_tokens"));
    assertThat(same.get("tokens")).isEqualTo(score.get("tokens"));
    assertThat(same.get("token_accuracy")).isEqualTo(score.get("token_accuracy"));
    assertThat(same.get("eval_loss").asDouble())
        .isCloseTo(score.get("eval_loss").asDouble(), within(1e-6));
  }

  @Test
  void anAdapterChangesTheLossAndTheBatchDoesNot() {
    String data = "data.eval=[\"" + shards + "\"]";
    String bare = evaluate(data).out();
    assertThat(evaluate(data, "train.per_device_eval_batch_size=3").out()).isEqualTo(bare);
    JobLine adapted = evaluate(data, "adapter.path=" + adapter);
    assertThat(adapted.code()).as(adapted.err()).isZero();
    assertThat(adapted.out()).contains(": loss ").isNotEqualTo(bare);
  }

  @Test
  void aLossThatIsNoNumberFailsAndIsWrittenDown() throws IOException {
    Path broken = temp.resolve("broken model");
    Files.createDirectories(broken);
    for (String name :
        List.of("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")) {
      Files.copy(model.resolve(name), broken.resolve(name));
    }
    byte[] bytes = Files.readAllBytes(broken.resolve("model.safetensors"));
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putFloat(bytes.length - Float.BYTES, Float.NaN);
    Files.write(broken.resolve("model.safetensors"), bytes);
    Path output = temp.resolve("eval nan");
    JobLine line =
        evaluate(
            "data.eval=[\"" + shards + "\"]",
            "model.path=" + broken,
            "evaluate.output_dir=" + output);
    assertThat(line.err())
        .contains("Error: The loss on " + shards + " is not a finite number: NaN");
    assertThat(line.code()).isEqualTo(4);
    JsonNode score = json(output.resolve("eval.json")).get("data").get(0);
    assertThat(score.get("eval_loss").isNull()).isTrue();
    assertThat(score.get("note").asText()).contains("eval_loss is NaN");
  }

  private static void refuses(String message, String... settings) {
    JobLine line = evaluate(settings);
    assertThat(line.err()).contains("Error: ").contains(message).doesNotContain("\tat ");
    assertThat(line.code()).isEqualTo(2);
    assertThat(line.out()).isEmpty();
  }

  @Test
  void saysWhichKeyToMend() throws IOException {
    refuses("Missing data.eval");
    refuses("Cannot read data.eval: /no where", "data.eval=[\"/no where\"]");
    refuses(
        "Cannot read " + temp.resolve("none.jsonl") + ": no such file",
        "evaluate.questions=[\"" + temp.resolve("none.jsonl") + "\"]");
    refuses(
        "Invalid questions: 0 in ",
        "evaluate.questions=[\"" + Files.writeString(temp.resolve("empty.jsonl"), "\n") + "\"]");
    Path run = temp.resolve("a run");
    Files.createDirectories(run);
    Files.writeString(run.resolve("metrics.jsonl"), "");
    refuses(
        "Invalid evaluate.output_dir: " + run + " (holds a training run",
        "data.eval=[\"" + shards + "\"]",
        "evaluate.output_dir=" + run);
    Path other = temp.resolve("other tokenizer");
    Files.createDirectories(other);
    for (String name : List.of("config.json", "tokenizer.json", "model.safetensors")) {
      Files.copy(model.resolve(name), other.resolve(name));
    }
    refuses(
        "was made with another tokenizer than the model's",
        "data.eval=[\"" + shards + "\"]",
        "model.path=" + other);
  }
}
