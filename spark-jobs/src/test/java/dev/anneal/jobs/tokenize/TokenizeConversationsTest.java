package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.InvalidRowException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.ShardOptions;
import dev.anneal.core.data.ShardSet;
import dev.anneal.core.data.TokenRow;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizeConversationsTest extends LocalSparkTest {
  @TempDir Path temp;

  @Test
  void tokenizesAlpacaRowsWithALossOnTheAnswer() throws IOException {
    Path file =
        write(
            "{\"instruction\": \"Say hello\", \"input\": \"in 中文\", \"output\": \"你好\"}\n"
                + "{\"instruction\": \"Say nothing\", \"output\": \"\"}\n");
    TestCorpus settings = settings(file);
    TokenizeOutcome outcome = run(settings);
    List<TokenRow> rows = rows(settings.output);
    assertThat(rows).hasSize(1);
    try (Tokenizer tokenizer = Tokenizers.open(TokenizerFolder.open(TestCorpus.TOKENIZER))) {
      assertThat(tokenizer.decode(rows.get(0).inputIds()))
          .isEqualTo(
              "<|im_start|>user\nSay hello\nin 中文<|im_end|>\n"
                  + "<|im_start|>assistant\n你好<|im_end|>\n");
      int[] targets =
          Arrays.stream(rows.get(0).labels()).filter(id -> id != TokenRow.IGNORE_INDEX).toArray();
      assertThat(tokenizer.decode(targets)).isEqualTo("你好<|im_end|>");
    }
    assertThat(Files.readString(Path.of(outcome.reportPath()))).contains("\"no_answer\" : 1");
    assertThat(outcome.manifest().columns()).containsExactly("input_ids", "labels");
  }

  @Test
  void packsRowsAndKeepsTheirBoundaries() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 500; i++) {
      lines.append("{\"messages\": [{\"role\": \"user\", \"content\": \"count ").append(i);
      lines.append("\"}, {\"role\": \"assistant\", \"content\": \"");
      lines.append("so ".repeat(i % 17 + 1)).append("\"}]}\n");
    }
    Path file = write(lines.toString());
    TestCorpus plain = settings(file);
    plain.blockSize = 128;
    TestCorpus packed = settings(file);
    packed.blockSize = 128;
    packed.packing = TokenizeConfig.Packing.BFD;
    packed.attentionMask = true;
    ShardManifest unpacked = run(plain).manifest();
    ShardManifest manifest = run(packed).manifest();
    assertThat(manifest.columns())
        .containsExactly("input_ids", "labels", "seq_lengths", "attention_mask");
    assertThat(manifest.counts().tokens()).isEqualTo(unpacked.counts().tokens());
    assertThat(manifest.counts().targetTokens()).isEqualTo(unpacked.counts().targetTokens());
    assertThat(manifest.counts().rows()).isLessThan(unpacked.counts().rows() / 2);
    List<String> samples = new ArrayList<>();
    for (TokenRow row : rows(packed.output)) {
      assertThat(row.inputIds()).hasSizeLessThanOrEqualTo(128);
      int start = 0;
      for (int length : row.sequenceLengths()) {
        samples.add(text(row, start, start + length));
        start += length;
      }
    }
    assertThat(samples)
        .containsExactlyInAnyOrderElementsOf(
            rows(plain.output).stream().map(row -> text(row, 0, row.inputIds().length)).toList());
  }

  @Test
  void splitsLongSamplesWithoutLoss() throws IOException {
    Path file =
        write(
            "{\"prompt\": \"tell\", \"completion\": \""
                + "on and ".repeat(100)
                + "\"}\n"
                + "{\"prompt\": \"tell\", \"completion\": \"no\"}\n");
    TestCorpus whole = settings(file);
    whole.blockSize = 4096;
    long tokens = run(whole).manifest().counts().tokens();
    for (TokenizeConfig.Packing packing :
        List.of(TokenizeConfig.Packing.BFD_SPLIT, TokenizeConfig.Packing.WRAPPED)) {
      TestCorpus settings = settings(file);
      settings.blockSize = 64;
      settings.packing = packing;
      assertThat(run(settings).manifest().counts().tokens()).isEqualTo(tokens);
      boolean boundaries = packing == TokenizeConfig.Packing.BFD_SPLIT;
      assertThat(run(settings).manifest().columns().contains("seq_lengths")).isEqualTo(boundaries);
    }
    TestCorpus cut = settings(file);
    cut.blockSize = 64;
    TokenizeOutcome outcome = run(cut);
    assertThat(Files.readString(Path.of(outcome.reportPath()))).contains("\"truncated\" : 1");
    TestCorpus dropped = settings(file);
    dropped.blockSize = 64;
    dropped.overlong = TokenizeConfig.Overlong.DROP;
    assertThat(run(dropped).manifest().counts().rows()).isEqualTo(1);
    TestCorpus refused = settings(file);
    refused.blockSize = 64;
    refused.overlong = TokenizeConfig.Overlong.ERROR;
    assertThatThrownBy(() -> run(refused))
        .isInstanceOf(InvalidRowException.class)
        .hasMessageContaining(file + " line 1: row has ")
        .hasMessageContaining("tokenize.block_size is 64");
  }

  @Test
  void readsRenamedColumns() throws IOException {
    Path file = write("{\"question\": \"1+1?\", \"answer\": \"2\", \"output\": \"no\"}\n");
    TestCorpus settings = settings(file);
    settings.inputs.clear();
    settings.input(
        file, InputConfig.Format.AUTO, 1, Map.of("instruction", "question", "output", "answer"));
    assertThat(run(settings).manifest().counts().rows()).isEqualTo(1);
  }

  @Test
  void saysWhatDoesNotFitConversations() throws IOException {
    Path file = write("{\"text\": \"no conversation\"}\n");
    assertThatThrownBy(() -> run(settings(file)))
        .isInstanceOf(InvalidRowException.class)
        .hasMessageContaining("line 1: unknown shape");
    TestCorpus withoutTemplate = settings(file);
    withoutTemplate.chatTemplate = "";
    assertThatThrownBy(() -> run(withoutTemplate))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("set tokenize.chat_template to");
    TestCorpus documents = settings(file);
    documents.stage = TokenizeConfig.Stage.PT;
    documents.packing = TokenizeConfig.Packing.BFD;
    assertThatThrownBy(() -> run(documents))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Invalid tokenize.packing: bfd (must be none with stage = pt");
    Path empty = write("{\"instruction\": \"a\", \"output\": \"\"}\n");
    assertThatThrownBy(() -> run(settings(empty)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("(gives no tokens: 1 rows read, 1 no_answer)");
  }

  private TestCorpus settings(Path file) {
    TestCorpus settings = new TestCorpus(temp.resolve("out " + System.nanoTime())).input(file);
    settings.stage = TokenizeConfig.Stage.SFT;
    settings.chatTemplate = "chatml";
    settings.blockSize = 512;
    return settings;
  }

  private Path write(String content) throws IOException {
    return Files.writeString(temp.resolve("rows " + System.nanoTime() + ".jsonl"), content);
  }

  private static TokenizeOutcome run(TestCorpus settings) throws IOException {
    return new TokenizePipeline(spark(), settings.config()).run();
  }

  private static String text(TokenRow row, int start, int end) {
    return Arrays.toString(Arrays.copyOfRange(row.inputIds(), start, end))
        + Arrays.toString(Arrays.copyOfRange(row.labels(), start, end));
  }

  private static List<TokenRow> rows(Path folder) {
    List<TokenRow> rows = new ArrayList<>();
    try (ShardSet set = ShardSet.open(List.of(folder), ShardOptions.of(1 << 20).withChecksums())) {
      for (long i = 0; i < set.rowCount(); i++) {
        rows.add(set.row(i));
      }
    }
    return rows;
  }
}
