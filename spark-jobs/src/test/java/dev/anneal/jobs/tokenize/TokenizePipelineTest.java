package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.InvalidRowException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.config.TokenizeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class TokenizePipelineTest extends TokenizeTest {

  @Test
  void writesTheSameBytesOnAnyNumberOfSlots() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 20_000; i++) { // blank lines make several splits of few tokens
      lines.append("{\"text\": \"document 文档 ").append(i * 7919L).append(" of many\"}");
      lines.append("\n".repeat(500));
    }
    write("big.jsonl", lines.toString());
    write("small.txt", "one more");
    TestCorpus first = new TestCorpus(output).input(corpus);
    first.blockSize = 64;
    ShardManifest two = run(first).manifest();
    assertThat(two.shards()).hasSizeGreaterThan(1);
    stopSpark();
    for (String master : List.of("local[1]", "local[5]")) {
      JavaSparkContext other = start(master);
      try {
        TestCorpus again = new TestCorpus(temp.resolve(master)).input(corpus);
        again.blockSize = 64;
        ShardManifest made = new TokenizePipeline(other, again.config()).run().manifest();
        assertThat(made).isEqualTo(two);
      } finally {
        other.stop();
      }
    }
    startSpark();
  }

  @Test
  void doesNothingWhenNothingChanged() throws IOException {
    Path file = write("a.jsonl", "{\"text\": \"one\"}\n");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    ShardManifest first = run(settings).manifest();
    FileTime written = Files.getLastModifiedTime(output.resolve("data-00000-of-00001.arrow"));
    Files.writeString(output.resolve("result.json"), "{}");
    TokenizeOutcome again = run(settings);
    assertThat(again.upToDate()).isTrue();
    assertThat(again.manifest()).isEqualTo(first);
    assertThat(Files.getLastModifiedTime(output.resolve("data-00000-of-00001.arrow")))
        .isEqualTo(written);

    settings.blockSize = 8;
    assertRefused(settings, "holds shards that were made otherwise: block_size 16 (now 8)");
    settings.blockSize = 16;
    Files.writeString(file, "{\"text\": \"one more\"}\n");
    assertRefused(settings, "a.jsonl had 16 bytes (now 21)");
    write("a.jsonl", "{\"text\": \"one\"}\n");
    write("b.jsonl", "{\"text\": \"one\"}\n");
    assertRefused(settings, "new input " + corpus + ":b.jsonl");
    Files.delete(corpus.resolve("b.jsonl"));
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
    assertRefused(settings, "a.jsonl was modified since");
    Files.delete(output.resolve("data-00000-of-00001.arrow"));
    settings.inputs.clear();
    settings.input(write("other.jsonl", "{\"text\": \"x\"}"));
    assertRefused(settings, "is gone");
  }

  @Test
  void redoesAnInterruptedRunAndRefusesAForeignFolder() throws IOException {
    write("a.jsonl", "{\"text\": \"one\"}\n");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    Files.createDirectories(output.resolve("_anneal/staging-x"));
    Files.writeString(output.resolve("_anneal/staging-x/split"), "rest");
    Files.writeString(output.resolve("data-00000-of-00007.arrow"), "rest");
    run(settings);
    assertThat(output.resolve("_anneal/staging-x")).doesNotExist();
    assertThat(output.resolve("data-00000-of-00007.arrow")).doesNotExist();
    assertThat(rows()).hasSize(1);

    Path foreign = Files.createDirectories(temp.resolve("foreign"));
    Files.writeString(foreign.resolve("thesis.doc"), "precious");
    TestCorpus other = new TestCorpus(foreign).input(corpus);
    assertRefused(other, "holds thesis.doc, which no tokenize job made");
    assertThat(foreign.resolve("thesis.doc")).hasContent("precious");
  }

  @Test
  void failsOnTheFirstBadRowAndNamesIt() throws IOException {
    write("a.jsonl", "{\"text\": \"one\"}\n");
    Path bad = write("b.jsonl", "{\"text\": \"two\"}\n\n{\"text\": 3}\n{\"text\"\n");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(InvalidRowException.class)
        .hasMessage(
            "Invalid row: "
                + bad
                + " line 3: field 'text' is a number (must be text)"
                + " (tokenize.max_bad_ratio = 0 allows none; a higher value sets bad rows aside in"
                + " _anneal/quarantine)");
    assertThat(output.resolve(ShardManifest.PATH)).doesNotExist();
    settings.maxBadRatio = 0.1;
    assertThatThrownBy(() -> run(settings)).hasMessageContaining("(2 of 4 rows; ");
    settings.maxBadRatio = 0.5;
    TokenizeOutcome outcome = run(settings);
    assertThat(outcome.badRows()).isEqualTo(2);
    assertThat(rows()).isEqualTo(blocks(List.of("one", "two"), 16));
    assertThat(Files.readAllLines(output.resolve("_anneal/quarantine/input-0.jsonl")))
        .hasSize(2)
        .first()
        .isEqualTo(
            "{\"file\":\""
                + bad
                + "\",\"line\":3,\"reason\":\"field 'text' is a number (must be"
                + " text)\",\"row\":\"{\\\"text\\\": 3}\"}");
  }

  @Test
  void numbersLinesAcrossSplits() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 100_000; i++) {
      lines.append(
          i == 99_998 ? "oops\n" : "{\"text\": \"\", \"pad\": \"" + "x".repeat(100) + "\"}\n");
    }
    write("long.jsonl", lines.toString());
    assertThatThrownBy(() -> run(new TestCorpus(output).input(corpus)))
        .hasMessageContaining("long.jsonl line 99999: bad JSON: ");
  }

  @Test
  void dropsTheTailWhenAsked() throws IOException {
    write("a.txt", "Hello world, this is one document of some more words than a block holds.");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.tail = TokenizeConfig.Tail.DROP;
    settings.attentionMask = true;
    run(settings);
    assertThat(rows()).isNotEmpty().allMatch(row -> row.size() == 16);
    TestCorpus large = new TestCorpus(temp.resolve("large")).input(corpus);
    large.tail = TokenizeConfig.Tail.DROP;
    large.blockSize = 4096;
    assertThatThrownBy(() -> run(large))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid tokenize.tail: drop (the corpus has 61 tokens, fewer than block_size 4096)");
  }

  @Test
  void namesTheKeyOfAMissingEosToken() throws IOException {
    write("a.jsonl", "{\"text\": \"one\"}\n");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.eosToken = "<no such token>";
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Invalid tokenize.eos_token: <no such token> (no token of ");
    settings.eosToken = "";
    settings.tokenizer = temp.resolve("tok").toString();
    assertThatThrownBy(() -> run(settings)).hasMessageContaining("no such folder");
    Files.createDirectories(temp.resolve("tok"));
    assertThatThrownBy(() -> run(settings)).hasMessageContaining("holds no tokenizer.json");
    Files.copy(TestCorpus.TOKENIZER.resolve("tokenizer.json"), temp.resolve("tok/tokenizer.json"));
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("tokenize.eos_token");
  }
}
