package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.ShardOptions;
import dev.anneal.core.data.ShardSet;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A corpus folder, settings, and what the rows must be. */
abstract class TokenizeTest extends LocalSparkTest {
  private static final ShardOptions CHECKED = ShardOptions.of(1 << 20).withChecksums();

  @TempDir Path temp;
  Path corpus;
  Path output;

  @BeforeEach
  void makeCorpus() throws IOException {
    corpus = Files.createDirectories(temp.resolve("语料 with spaces"));
    output = temp.resolve("out put");
  }

  static TokenizeOutcome run(TestCorpus settings) throws IOException {
    return new TokenizePipeline(spark(), settings.config()).run();
  }

  static void assertRefused(TestCorpus settings, String reason) {
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Invalid tokenize.output: " + settings.output + " ")
        .hasMessageContaining(reason);
  }

  List<List<Integer>> rows() {
    List<List<Integer>> rows = new ArrayList<>();
    try (ShardSet set = ShardSet.open(List.of(output), CHECKED)) {
      for (long i = 0; i < set.rowCount(); i++) {
        rows.add(Arrays.stream(set.row(i).inputIds()).boxed().toList());
      }
    }
    return rows;
  }

  static List<List<Integer>> blocks(List<String> documents, int blockSize) {
    TokenizerFolder folder = TokenizerFolder.open(TestCorpus.TOKENIZER);
    List<Integer> ids = new ArrayList<>();
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      int eos = tokenizer.tokenId(folder.requireEosToken()).orElseThrow();
      for (String document : documents) {
        for (int id : tokenizer.encode(document)) {
          ids.add(id);
        }
        ids.add(eos);
      }
    }
    List<List<Integer>> blocks = new ArrayList<>();
    for (int start = 0; start < ids.size(); start += blockSize) {
      blocks.add(ids.subList(start, Math.min(ids.size(), start + blockSize)));
    }
    return blocks;
  }

  Path write(String name, String content) throws IOException {
    Path file = corpus.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }

  void gzip(String name, String content) throws IOException {
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(corpus.resolve(name)))) {
      out.write(content.getBytes(StandardCharsets.UTF_8));
    }
  }
}
