package dev.anneal.jobs.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.jobs.JobLine;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateJobTest {
  @TempDir static Path temp;
  private static Path model;
  private static Path adapter;

  @BeforeAll
  static void writeModel() throws IOException {
    model = temp.resolve("a model");
    adapter = temp.resolve("an adapter");
    TinyModel.write(model, TinyModel.Head.OWN);
    TinyModel.writeAdapter(model, adapter);
  }

  private static JobLine generate(String... settings) {
    return typed("", settings);
  }

  private static JobLine typed(String keyboard, String... settings) {
    return run(keyboard, false, settings);
  }

  /** As on a terminal, where a person reads along. */
  private static JobLine watched(String keyboard, String... settings) {
    return run(keyboard, true, settings);
  }

  private static JobLine run(String keyboard, boolean watched, String... settings) {
    List<String> all = new ArrayList<>();
    all.add("model.path=" + model);
    all.add("generate.max_new_tokens=8");
    all.add("distributed.threads_per_rank=1");
    all.addAll(Arrays.asList(settings));
    return JobLine.run(
        new GenerateJob(
            new ByteArrayInputStream(keyboard.getBytes(StandardCharsets.UTF_8)),
            context -> watched),
        all.toArray(new String[0]));
  }

  private static Path file(String name, String... lines) throws IOException {
    return Files.write(temp.resolve(name), List.of(lines));
  }

  @Test
  void printsTheAnswerAloneAndStartsNoSpark() {
    JobLine line = generate("generate.prompt=Wo bist du?");
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(line.err()).isEmpty();
    assertThat(line.out()).isNotBlank().endsWith("\n");
    assertThat(SparkSession.getDefaultSession().isEmpty()).isTrue();
    assertThat(generate("generate.prompt=Wo bist du?").out()).isEqualTo(line.out());
    assertThat(generate("generate.prompt=Wo bist du?", "adapter.path=" + adapter).out())
        .isNotEqualTo(line.out());
  }

  @Test
  void answersAFileInItsOrder() throws IOException {
    Path input =
        file(
            "pro mpts.jsonl",
            "{\"prompt\": \"first\", \"x\": 1}",
            "",
            "{\"question\": \"第二个问题\"}",
            "{\"instruction\": \"third\", \"input\": \"with input\", \"output\": \"?\"}");
    Path output = temp.resolve("out put/answers.jsonl");
    JobLine line =
        generate("generate.input=" + input, "generate.output=" + output, "generate.batch_size=2");
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(line.out()).isEmpty();
    List<JsonNode> rows = rows(Files.readString(output));
    assertThat(rows)
        .extracting(row -> row.get("prompt").asText())
        .containsExactly("first", "第二个问题", "third\nwith input");
    assertThat(rows).allMatch(row -> row.get("answers").size() == 1);
    JobLine alone = generate("generate.prompt=第二个问题");
    assertThat(alone.out()).isEqualTo(rows.get(1).get("answers").get(0).asText() + "\n");
    JobLine printed = generate("generate.input=" + input);
    assertThat(rows(printed.out())).isEqualTo(rows);
  }

  private static List<JsonNode> rows(String text) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : text.lines().toList()) {
      rows.add(new ObjectMapper().readTree(line));
    }
    return rows;
  }

  @Test
  void drawsSeveralAnswersThatDependOnTheSeedAlone() throws IOException {
    Path input = file("three.jsonl", "{\"prompt\": \"a\"}", "{\"prompt\": \"b\"}");
    String[] settings = {
      "generate.input=" + input,
      "generate.do_sample=true",
      "generate.temperature=2",
      "generate.num_return_sequences=3"
    };
    JobLine line = generate(settings);
    assertThat(line.code()).as(line.err()).isZero();
    List<JsonNode> rows = rows(line.out());
    assertThat(rows).hasSize(2).allMatch(row -> row.get("answers").size() == 3);
    assertThat(rows.get(0).get("answers")).doesNotHaveDuplicates();
    List<String> single = new ArrayList<>(List.of(settings));
    single.add("generate.batch_size=1");
    assertThat(generate(single.toArray(new String[0])).out()).isEqualTo(line.out());
    single.add("generate.seed=43");
    assertThat(generate(single.toArray(new String[0])).out()).isNotEqualTo(line.out());
  }

  @Test
  void answersWhatIsTyped() {
    JobLine line = typed("Wo bist du?\n\n你好\n", "generate.interactive=true");
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(line.out())
        .isEqualTo(
            generate("generate.prompt=Wo bist du?").out() + generate("generate.prompt=你好").out());
    assertThat(typed("", "generate.interactive=true").code()).isZero();
  }

  @Test
  void switchesTheAdapterBetweenLines() {
    Path adapter = temp.resolve("an adapter to switch");
    assertThatCode(() -> TinyModel.writeAdapter(model, adapter)).doesNotThrowAnyException();
    String several = "generate.adapters=[{name=own, path=\"" + adapter + "\"}]";
    String question = "Wo bist du?\n";
    JobLine line =
        typed(
            question + "/adapter own\n" + question + "/adapter other\n/adapter none\n" + question,
            "generate.interactive=true",
            several);
    assertThat(line.code()).as(line.err()).isZero();
    String bare = generate("generate.prompt=Wo bist du?").out();
    String own = generate("generate.prompt=Wo bist du?", "adapter.path=" + adapter).out();
    assertThat(line.out()).isEqualTo(bare + own + bare);
    assertThat(own).isNotEqualTo(bare);
    refuses(
        "Invalid generate.adapters: 1 (has no effect with generate.prompt",
        "generate.prompt=a",
        several);
    refuses(
        "Invalid generate.adapters: name none (names the model without adapter)",
        "generate.interactive=true",
        "generate.adapters=[{name=none, path=x}]");
    refuses(
        "Invalid generate.adapters: name \"a.b\" (must be of letters, digits, _ and -)",
        "generate.interactive=true",
        "generate.adapters=[{name=a.b, path=x}]");
  }

  @Test
  void writesTheSameWordForWordOnATerminal() throws IOException {
    String[] question = {"generate.prompt=首都是哪里？", "generate.max_new_tokens=40"};
    JobLine whole = generate(question);
    JobLine streamed = watched("", question);
    assertThat(streamed.code()).as(streamed.err()).isZero();
    assertThat(streamed.out()).isEqualTo(whole.out());
    String typed = "Wo bist du?\n你好\n";
    assertThat(watched(typed, "generate.interactive=true").out())
        .isEqualTo(typed(typed, "generate.interactive=true").out());
    String[] several = {
      "generate.prompt=a",
      "generate.do_sample=true",
      "generate.temperature=2",
      "generate.num_return_sequences=3"
    };
    assertThat(watched("", several).out()).isEqualTo(generate(several).out());
  }

  private static void refuses(String message, String... settings) {
    JobLine line = generate(settings);
    assertThat(line.err()).contains("Error: ").contains(message).doesNotContain("\tat ");
    assertThat(line.code()).isEqualTo(2);
    assertThat(line.out()).isEmpty();
  }

  @Test
  void saysWhichKeyToMend() throws IOException {
    refuses("Invalid prompt: 0 tokens (set generate.prompt, generate.input");
    refuses(
        "Invalid generate: more than one of prompt, input, interactive is set",
        "generate.prompt=a",
        "generate.interactive=true");
    refuses(
        "Cannot read model.path: /no where (no such folder on this machine)",
        "generate.prompt=a",
        "model.path=/no where");
    refuses("Missing model.path", "generate.prompt=a", "model.path=");
    refuses(
        "Cannot read generate.input: " + temp.resolve("none.jsonl") + " (no such file)",
        "generate.input=" + temp.resolve("none.jsonl"));
    refuses("Invalid generate.input: 0 prompts in ", "generate.input=" + file("empty.jsonl", ""));
    refuses(
        "line 2: no JSON object",
        "generate.input=" + file("bad.jsonl", "{\"prompt\": \"a\"}", "{\"prompt\": "));
    refuses(
        "line 1: no text under prompt, question, instruction",
        "generate.input=" + file("blank.jsonl", "{\"prompt\": \"  \"}"));
    refuses("Invalid model.from_scratch: true", "generate.prompt=a", "model.from_scratch=true");
    refuses("Unsupported model.dtype: bfloat16", "generate.prompt=a", "model.dtype=bfloat16");
    refuses(
        "Invalid generate.num_return_sequences: 2",
        "generate.prompt=a",
        "generate.num_return_sequences=2");
  }

  @Test
  void adapterKeysMustNotContradictTheAdapter() {
    refuses("Missing adapter.path", "generate.prompt=a", "adapter.peft_type=LORA");
    refuses(
        "Invalid adapter.r: 16 (the adapter_config.json of adapter.path " + adapter + " says 4",
        "generate.prompt=a",
        "adapter.path=" + adapter,
        "adapter.r=16");
    refuses(
        "Invalid adapter.target_modules: [q_proj] (the adapter_config.json",
        "generate.prompt=a",
        "adapter.path=" + adapter,
        "adapter.target_modules=[q_proj]");
    JobLine same =
        generate(
            "generate.prompt=a",
            "adapter.path=" + adapter,
            "adapter.peft_type=lora",
            "adapter.r=4",
            "adapter.lora_alpha=8",
            "adapter.target_modules=[down_proj, q_proj]");
    assertThat(same.code()).as(same.err()).isZero();
  }
}
