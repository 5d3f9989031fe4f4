package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.data.InvalidRowException;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.TokenizeConfig;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Files that are not what their names say: an error or a quarantined row, never a wrong id. */
class TokenizeBadInputTest extends TokenizeTest {

  @Test
  void setsBinaryRowsAside() throws IOException {
    byte[] noise = new byte[5000];
    new Random(3).nextBytes(noise);
    Files.write(corpus.resolve("noise.txt"), noise);
    Files.write(corpus.resolve("noise.jsonl"), noise);
    write("sound.txt", "a sound document");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(InvalidRowException.class)
        .hasMessageStartingWith("Invalid row: " + corpus.resolve("noise.jsonl") + " line 1: ");
    settings.maxBadRatio = 1;
    run(settings);
    assertThat(rows()).isEqualTo(blocks(List.of("a sound document"), 16));
    List<JsonNode> rows = quarantine(0);
    assertThat(rows).hasSizeGreaterThan(3).allMatch(row -> row.path("line").asInt() > 0);
    JsonNode text = rows.get(rows.size() - 1);
    assertThat(text.path("file").asText()).isEqualTo(corpus.resolve("noise.txt").toString());
    assertThat(text.path("reason").asText()).isEqualTo("not UTF-8 text");
    assertThat(text.path("row_base64").binaryValue()).isEqualTo(noise);
  }

  @Test
  void refusesAFileInUtf16AndSetsItsRowsAsideWithoutAMark() throws IOException {
    String row = "{\"text\": \"wrong 编码\"}\n";
    Path file = corpus.resolve("wide.jsonl");
    for (Charset marked : List.of(StandardCharsets.UTF_16, Charset.forName("x-UTF-16LE-BOM"))) {
      Files.write(file, row.repeat(3).getBytes(marked));
      assertThatThrownBy(() -> run(new TestCorpus(output).input(corpus)))
          .hasStackTraceContaining(
              "Cannot read " + file + ": the file is UTF-16 or UTF-32 (must be UTF-8)");
    }
    for (Charset plain : List.of(StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
      Files.write(file, row.repeat(3).getBytes(plain));
      assertThatThrownBy(() -> run(new TestCorpus(output).input(corpus)))
          .isInstanceOf(InvalidRowException.class)
          .hasMessageContaining("wide.jsonl line 1: bad JSON: row has zero bytes (must be UTF-8)");
    }
    Files.write(corpus.resolve("wide.txt"), "wide".getBytes(StandardCharsets.UTF_16LE));
    Files.delete(file);
    assertThatThrownBy(() -> run(new TestCorpus(output).input(corpus)))
        .hasMessageContaining("wide.txt line 1: not UTF-8 text");
  }

  @Test
  void setsRowsInAnotherEncodingAside() throws IOException {
    write("a.jsonl", "{\"text\": \"sound\"}\n");
    Files.write(
        corpus.resolve("latin.jsonl"),
        "{\"text\": \"caf\u00e9\"}\n{\"text\": \"cafe\"}\n".getBytes(StandardCharsets.ISO_8859_1));
    Files.write(
        corpus.resolve("gbk.jsonl"), "{\"text\": \"中文\"}\n".getBytes(Charset.forName("GBK")));
    Files.write(corpus.resolve("half.jsonl"), "{\"text\": \"\\ud83d alone\"}\n".getBytes());
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.maxBadRatio = 0.75;
    TokenizeOutcome outcome = run(settings);
    assertThat(outcome.badRows()).isEqualTo(3);
    assertThat(rows()).isEqualTo(blocks(List.of("sound", "cafe"), 16));
    assertThat(quarantine(0))
        .extracting(row -> row.path("reason").asText())
        .satisfiesExactly(
            reason -> assertThat(reason).startsWith("bad JSON: Invalid UTF-8"),
            reason -> assertThat(reason).startsWith("Invalid text: half a surrogate pair U+D83D"),
            reason -> assertThat(reason).startsWith("bad JSON: Invalid UTF-8"));
  }

  @Test
  void tokenizesALineOfManyMegabytes() throws IOException {
    String text = "A line that does not end, 没有结尾的一行。\\n".repeat(400_000);
    write("long.jsonl", "{\"text\": \"" + text + "\", \"more\": 1}\n{\"text\": \"next\"}\n");
    TestCorpus asRow = new TestCorpus(output).input(corpus);
    asRow.blockSize = 2048;
    run(asRow);
    List<List<Integer>> rows = rows();
    Files.delete(corpus.resolve("long.jsonl"));
    write("long.txt", text.replace("\\n", "\n"));
    write("next.txt", "next");
    output = temp.resolve("whole file");
    TestCorpus asFile = new TestCorpus(output).input(corpus);
    asFile.blockSize = 2048;
    run(asFile);
    assertThat(rows).hasSizeGreaterThan(1000);
    assertThat(rows()).isEqualTo(rows);
  }

  @Test
  void boundsWhatTheQuarantineHoldsOfARow() throws IOException {
    write("a.jsonl", "{\"text\": \"sound\"}\n[\"" + "语".repeat(100_000) + "\"]\n");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.maxBadRatio = 0.5;
    run(settings);
    JsonNode row = quarantine(0).get(0);
    assertThat(row.path("row").asText()).hasSizeLessThan(22_000).startsWith("[\"语").endsWith("语");
    assertThat(row.path("row_bytes").asInt()).isEqualTo(300_004);
    assertThat(row.path("reason").asText())
        .isEqualTo("bad JSON: row is a JSON array (must be an object)");
  }

  @Test
  void namesMissingColumnsAndBrokenConversations() throws IOException {
    write("documents/a.jsonl", "{\"text\": \"sound\"}\n{\"content\": \"elsewhere\"}\n");
    TestCorpus documents = new TestCorpus(output).input(corpus);
    assertThatThrownBy(() -> run(documents)).hasMessageContaining("line 2: missing field 'text'");

    String sound =
        "{\"messages\": [{\"role\": \"user\", \"content\": \"q\"},"
            + " {\"role\": \"assistant\", \"content\": \"a\"}]}\n";
    Path chats =
        write(
            "../chats.jsonl",
            sound
                + "{\"messages\": []}\n"
                + "{\"messages\": [{\"role\": \"nobody\", \"content\": \"q\"}]}\n"
                + "{\"messages\": [{\"role\": \"user\"}]}\n"
                + "{\"messages\": \"text\"}\n"
                + "{\"other\": 1}\n"
                + sound);
    TestCorpus settings = new TestCorpus(temp.resolve("chats out"));
    settings.stage = TokenizeConfig.Stage.SFT;
    settings.chatTemplate = "chatml";
    settings.input(chats, InputConfig.Format.AUTO, 1, Map.of());
    settings.maxBadRatio = 1;
    TokenizeOutcome outcome = run(settings);
    output = settings.output;
    assertThat(outcome.manifest().counts().rows()).isEqualTo(2);
    List<JsonNode> rows = quarantine(0);
    assertThat(rows).extracting(row -> row.path("line").asInt()).isSubsetOf(2, 3, 4, 5, 6);
    assertThat(rows).hasSize((int) outcome.badRows()).hasSizeGreaterThan(2);
    assertThat(rows).allMatch(row -> !row.path("reason").asText().isBlank());
  }

  private List<JsonNode> quarantine(int input) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    Path file = output.resolve("_anneal/quarantine/input-" + input + ".jsonl");
    for (String line : Files.readAllLines(file)) {
      rows.add(new ObjectMapper().readTree(line));
    }
    return rows;
  }
}
