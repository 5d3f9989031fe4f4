package dev.anneal.jobs.tokenize.write;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.preview.SampleJob;
import dev.anneal.jobs.tokenize.TestCorpus;
import dev.anneal.jobs.tokenize.TokenizeJob;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code sample} says of rows is what {@code tokenize} makes of them. */
class SampleRowsTest {
  private static final String CHAT =
      "{\"messages\": [{\"role\": \"user\", \"content\": \"q\"},"
          + " {\"role\": \"assistant\", \"content\": \"a\"}]}";
  private static final List<String> DOCUMENTS =
      List.of(
          "{\"text\": \"sound\"}",
          "{}",
          "{\"body\": \"x\"}",
          "{\"text\": null}",
          "{\"text\": \"\"}",
          "{\"text\": 1}",
          "{\"text\": NaN}",
          "{\"text\": [\"a\"]}",
          "{\"text\": \"half \\ud83d\"}",
          "{\"text\": \"ends so <|im_end|>\"}",
          "[1]",
          "null",
          "no JSON",
          "",
          "{\"text\": \"caf\u00e9");
  private static final List<String> CHATS =
      List.of(
          CHAT,
          "{}",
          "{\"text\": \"x\"}",
          "{\"messages\": []}",
          "{\"messages\": null}",
          "{\"messages\": \"x\"}",
          "{\"messages\": [1]}",
          "{\"messages\": [{\"role\": \"system\", \"content\": \"s\"}]}",
          "{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}]}",
          "{\"messages\": [{\"content\": \"q\"}]}",
          "{\"messages\": [{\"role\": \"user\"}]}",
          "{\"messages\": [{\"role\": \"user\", \"content\": 1}]}",
          CHAT.replace("\"a\"", "\"\""),
          CHAT.replace("\"a\"", "null"),
          CHAT.replace("\"a\"", "\"\\udc00\""),
          CHAT.replace("\"a\"", "\"a\", \"n\": NaN"),
          CHAT.replace("\"a\"", "\"a\", \"train\": 3"),
          CHAT.replace("}]}", "}], \"tools\": \"[1\"}"),
          CHAT.replace("}]}", "}], \"tools\": {}}"),
          "{\"conversations\": [{\"from\": \"gpt\", \"value\": \"a\"}]}",
          "{\"instruction\": \"\", \"output\": \"a\"}",
          "{\"prompt\": 1, \"completion\": \"a\"}",
          "nothing");

  @TempDir Path temp;

  private String[] settings(String stage, Path input) {
    List<String> settings =
        new ArrayList<>(
            List.of(
                "tokenize.tokenizer=" + TestCorpus.TOKENIZER,
                "tokenize.stage=" + stage,
                "tokenize.max_bad_ratio=1",
                "tokenize.inputs=[{path=\"" + input + "\"}]",
                "tokenize.output=" + temp.resolve("out")));
    if (stage.equals("sft")) {
      settings.add("tokenize.chat_template=chatml");
    }
    return settings.toArray(new String[0]);
  }

  private String sample(String stage, Path input) {
    List<String> typed = new ArrayList<>();
    for (String setting : settings(stage, input)) {
      typed.addAll(List.of("-s", setting));
    }
    typed.addAll(List.of("--show", "--rows", "99"));
    JobLine line = JobLine.typed(new SampleJob(), typed.toArray(new String[0]));
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(line.err()).doesNotContain("Exception");
    return line.out();
  }

  private void assertSaysWhatTokenizeSays(String stage, List<String> rows) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (String row : rows) {
      boolean latin = row.contains("\u00e9"); // so that it is no UTF-8
      bytes.write(row.getBytes(latin ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8));
      bytes.write('\n');
    }
    Path file = Files.write(temp.resolve("rows.jsonl"), bytes.toByteArray());
    JobLine line = JobLine.run(new TokenizeJob(), settings(stage, file));
    assertThat(line.code()).as(line.err()).isZero();
    String sampled = sample(stage, file);
    int bad = 0;
    Path quarantine = temp.resolve("out/_anneal/quarantine/input-0.jsonl");
    for (String entry : Files.readAllLines(quarantine)) {
      JsonNode row = new ObjectMapper().readTree(entry);
      bad++;
      assertThat(sampled)
          .contains(
              file + ":" + row.path("line").asInt() + ": bad row: " + row.path("reason").asText());
    }
    assertThat(sampled).contains(", " + bad + " bad, ");
    JsonNode report = new ObjectMapper().readTree(temp.resolve("out/_anneal/report.json").toFile());
    int left = 0;
    for (String reason : List.of("empty", "no_answer", "overlong", "no_target")) {
      left += report.path("source_rows").path(reason).asInt();
    }
    assertThat(sampled).contains(", " + left + " left out\n");
  }

  @Test
  void holdsForDocuments() throws IOException {
    assertSaysWhatTokenizeSays("pt", DOCUMENTS);
  }

  @Test
  void holdsForChats() throws IOException {
    assertSaysWhatTokenizeSays("sft", CHATS);
  }

  @Test
  void saysOfInputsThatTheyHaveNoRow() throws IOException {
    Path empty = Files.writeString(temp.resolve("empty.jsonl"), "");
    Path blank = Files.writeString(temp.resolve("blank.jsonl"), "\n \n");
    Path array = Files.writeString(temp.resolve("array.json"), "[]");
    for (Path file : List.of(empty, blank, array)) {
      for (String stage : List.of("pt", "sft")) {
        assertThat(sample(stage, file))
            .contains(file + ": no row in it\n")
            .endsWith("0 rows, 0 tokens, 0 with a loss\n");
      }
    }
    Path binary = Files.write(temp.resolve("binary.txt"), new byte[] {'a', 0, (byte) 0xFF});
    assertThat(sample("pt", binary)).contains(binary + ":1: bad row: not UTF-8 text\n");
  }
}
