package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.ShardOptions;
import dev.anneal.core.data.ShardSet;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.io.Sha256;
import dev.anneal.data.config.TokenizeConfig.Output;
import dev.anneal.data.config.TokenizeConfig.Packing;
import dev.anneal.data.config.TokenizeConfig.Stage;
import dev.anneal.data.config.TokenizeConfig.Tail;
import dev.anneal.data.read.SourceRow;
import dev.anneal.jobs.read.ParquetRows;
import dev.anneal.jobs.read.RowColumns;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class TokenizeOutputsTest extends TokenizeTest {
  private static final List<Output> ALL = List.of(Output.values());
  private static final ObjectMapper JSON = new ObjectMapper();

  private TestCorpus settings(String folder, List<Output> outputs) {
    TestCorpus settings = new TestCorpus(temp.resolve(folder)).input(corpus);
    settings.outputs = outputs;
    return settings;
  }

  /** Several shards; one document is larger than a shard. */
  private void writeLargeCorpus() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 1_000; i++) {
      lines.append("{\"text\": \"document 文档 ").append(i * 7919L).append(" of many\"}\n");
    }
    lines.append("{\"text\": \"").append("long 长 ".repeat(100_000)).append("\"}\n");
    lines.append("{\"text\": \"the end\"}\n");
    write("big.jsonl", lines.toString());
  }

  @Test
  void writesEveryFormatInOneRunWithTheSameBytesOnAnyNumberOfSlots() throws IOException {
    writeLargeCorpus();
    TestCorpus settings = settings("two", ALL);
    settings.blockSize = 500;
    ShardManifest manifest = run(settings).manifest();
    assertThat(manifest.shards()).hasSizeGreaterThan(2);
    assertThat(manifest.outputs().stream().map(ShardManifest.Output::format))
        .containsExactly("parquet", "megatron", "datatrove", "mds");
    requireFiles(settings.output, manifest);
    for (ShardManifest.Output output : manifest.outputs()) {
      boolean rows = List.of("parquet", "mds").contains(output.format());
      assertThat(output.counts().rows()).isEqualTo(rows ? manifest.counts().rows() : 1_002);
      assertThat(output.counts().tokens()).isEqualTo(manifest.counts().tokens());
    }
    // The shard in which no document begins has no files.
    assertThat(settings.output.resolve("megatron/data-00000-of-00003.bin")).exists();
    assertThat(settings.output.resolve("megatron/data-00001-of-00003.bin")).doesNotExist();
    assertThat(settings.output.resolve("megatron/data-00002-of-00003.idx")).exists();
    assertThat(parquetRows(settings.output)).isEqualTo(arrowRows(settings.output));
    assertThat(ids(settings.output, "datatrove", ".ds"))
        .isEqualTo(arrowRows(settings.output).stream().flatMap(List::stream).toList())
        .isEqualTo(ids(settings.output, "megatron", ".bin"));
    stopSpark();
    JavaSparkContext other = start("local[5]");
    try {
      TestCorpus again = settings("five", ALL);
      again.blockSize = 500;
      assertThat(new TokenizePipeline(other, again.config()).run().manifest()).isEqualTo(manifest);
      requireFiles(again.output, manifest);
    } finally {
      other.stop();
    }
    startSpark();
  }

  @Test
  void keepsMasksOfConversations() throws IOException {
    write(
        "chat.jsonl",
        "{\"instruction\": \"Say hello\", \"input\": \"in 中文\", \"output\": \"你好\"}\n"
            + "{\"instruction\": \"And bye\", \"output\": \"再见\"}\n");
    TestCorpus settings =
        settings("chats", List.of(Output.MDS, Output.DATATROVE, Output.ARROW, Output.PARQUET));
    settings.stage = Stage.SFT;
    settings.chatTemplate = "chatml";
    settings.blockSize = 128;
    settings.packing = Packing.BFD;
    settings.attentionMask = true;
    ShardManifest manifest = run(settings).manifest();
    requireFiles(settings.output, manifest);
    assertThat(manifest.counts().rows()).isEqualTo(1);
    List<Integer> labels = new ArrayList<>();
    List<Integer> lengths = new ArrayList<>();
    try (ShardSet set = ShardSet.open(List.of(settings.output), ShardOptions.of(1 << 20))) {
      TokenRow row = set.row(0);
      Arrays.stream(row.labels()).forEach(labels::add);
      Arrays.stream(row.sequenceLengths()).forEach(lengths::add);
    }
    assertThat(parquetColumn(settings.output, "labels")).containsExactly(labels);
    assertThat(parquetColumn(settings.output, "seq_lengths")).containsExactly(lengths);
    assertThat(parquetColumn(settings.output, "attention_mask").get(0))
        .hasSize(labels.size())
        .containsOnly(1);
    ShardManifest.Output datatrove =
        manifest.outputs().stream().filter(o -> o.format().equals("datatrove")).findAny().get();
    assertThat(datatrove.counts().rows()).isEqualTo(2);
    assertThat(datatrove.counts().targetTokens()).isEqualTo(manifest.counts().targetTokens());
    byte[] loss =
        Files.readAllBytes(settings.output.resolve("datatrove/data-00000-of-00001.ds.loss"));
    assertThat(loss).hasSize(labels.size());

    settings.outputs = List.of(Output.MEGATRON);
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid tokenize.outputs: megatron (needs stage = pt: .bin and .idx hold ids alone,"
                + " and the targets of conversations would be lost; take datatrove, mds or"
                + " parquet)");
  }

  @Test
  void writesOneFormatWithoutArrow() throws IOException {
    write("a.jsonl", "{\"text\": \"one\"}\n");
    TestCorpus settings = settings("alone", List.of(Output.MEGATRON));
    settings.tail = Tail.DROP; // of rows: there are none, and documents are never dropped
    TokenizeOutcome outcome = run(settings);
    ShardManifest manifest = outcome.manifest();
    requireFiles(settings.output, manifest);
    assertThat(manifest.counts().rows()).isEqualTo(1);
    assertThat(manifest.shards()).isEmpty();
    JsonNode report = JSON.readTree(Path.of(outcome.reportPath()).toFile());
    assertThat(report.get("padding_share").asDouble()).isZero();
    assertThat(report.get("outputs").get(0).get("format").asText()).isEqualTo("megatron");
    assertThat(report.get("outputs").get(0).get("files").asInt()).isEqualTo(2);
    assertThat(settings.output.resolve("state.json")).doesNotExist();
    assertThatThrownBy(() -> arrowRows(settings.output))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("holds no Arrow shards, only [megatron]");
  }

  @Test
  void doesNothingAgainAndSaysWhatChanged() throws IOException {
    write("a.jsonl", "{\"text\": \"one\"}\n");
    TestCorpus settings = settings("again", List.of(Output.ARROW, Output.MDS));
    ShardManifest first = run(settings).manifest();
    TokenizeOutcome again = run(settings);
    assertThat(again.upToDate()).isTrue();
    assertThat(again.manifest()).isEqualTo(first);
    settings.outputs = List.of(Output.ARROW);
    assertRefused(settings, "outputs [arrow, mds] (now absent)");
    settings.outputs = List.of(Output.ARROW, Output.MDS);
    Files.delete(settings.output.resolve("mds/index.json"));
    assertRefused(settings, "is damaged: mds/index.json is missing or has another size");
  }

  @Test
  void clearsAnInterruptedRunAndLeavesForeignFolders() throws IOException {
    write("a.jsonl", "{\"text\": \"one\"}\n");
    TestCorpus settings = settings("interrupted", ALL);
    Files.createDirectories(settings.output.resolve("_anneal"));
    Files.createDirectories(settings.output.resolve("megatron"));
    Files.writeString(settings.output.resolve("megatron/data-00007-of-00009.bin"), "rest");
    Path foreign = Files.createDirectories(settings.output.resolve("parquet"));
    Files.writeString(foreign.resolve("sales.parquet"), "precious");
    assertRefused(settings, "holds parquet, which no tokenize job made");
    assertThat(foreign.resolve("sales.parquet")).hasContent("precious");
    Files.delete(foreign.resolve("sales.parquet"));
    requireFiles(settings.output, run(settings).manifest());
  }

  /** Every file is in the manifest with its size and hash, and nothing else is there. */
  private static void requireFiles(Path folder, ShardManifest manifest) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = folder.relativize(file).toString();
        if (!name.startsWith("_anneal") && !name.matches("state.json|dataset_info.json")) {
          found.add(name);
        }
      }
    }
    assertThat(manifest.files().stream().map(ShardManifest.Shard::file))
        .containsExactlyInAnyOrderElementsOf(found);
    for (ShardManifest.Shard file : manifest.files()) {
      Path path = folder.resolve(file.file());
      assertThat(Files.size(path)).isEqualTo(file.bytes());
      assertThat(Sha256.of(path)).isEqualTo(file.sha256());
    }
  }

  private static List<List<Integer>> arrowRows(Path folder) {
    List<List<Integer>> rows = new ArrayList<>();
    try (ShardSet set = ShardSet.open(List.of(folder), ShardOptions.of(1 << 20))) {
      for (long i = 0; i < set.rowCount(); i++) {
        rows.add(Arrays.stream(set.row(i).inputIds()).boxed().toList());
      }
    }
    return rows;
  }

  private static List<List<Integer>> parquetRows(Path folder) throws IOException {
    return parquetColumn(folder, "input_ids");
  }

  private static List<List<Integer>> parquetColumn(Path folder, String column) throws IOException {
    List<List<Integer>> rows = new ArrayList<>();
    for (Path file : files(folder.resolve("parquet"), ".parquet")) {
      try (ParquetRows reader =
          ParquetRows.open(new Configuration(false), file.toUri().toString(), RowColumns.ALL)) {
        for (Optional<SourceRow> row = reader.next(); row.isPresent(); row = reader.next()) {
          List<Integer> values = new ArrayList<>();
          JSON.readTree(row.get().content()).get(column).forEach(v -> values.add(v.intValue()));
          rows.add(values);
        }
      }
    }
    return rows;
  }

  private static List<Integer> ids(Path folder, String format, String suffix) throws IOException {
    List<Integer> ids = new ArrayList<>();
    for (Path file : files(folder.resolve(format), suffix)) {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      while (bytes.hasRemaining()) {
        ids.add(Short.toUnsignedInt(bytes.getShort())); // a vocabulary of about 500
      }
    }
    return ids;
  }

  private static List<Path> files(Path folder, String suffix) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
    }
  }
}
