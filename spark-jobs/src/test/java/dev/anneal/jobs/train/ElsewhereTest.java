package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.data.chat.ChatTemplates;
import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.io.CountedStore;
import dev.anneal.jobs.tokenize.TokenizeJob;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Model and shards in an object store: the same run as with local ones, and nothing left. */
class ElsewhereTest {
  private static final String STORE = "spark.hadoop.fs.obs.impl";
  private static final String LOCAL_DIR = "spark.local.dir";

  @TempDir static Path temporary;
  private static TrainFixture fixture;
  private static Path conversations;
  private static Path large;

  @BeforeAll
  static void write() throws IOException {
    System.setProperty(STORE, CountedStore.class.getName());
    System.setProperty(LOCAL_DIR, temporary.resolve("local dir").toString());
    fixture = new TrainFixture(temporary);
    conversations = temporary.resolve("chats");
    large = temporary.resolve("large");
    List<String> chats = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    Random random = new Random(7);
    for (int i = 0; i < 40; i++) {
      String words = "word ".repeat(1 + random.nextInt(12));
      chats.add("{\"prompt\": \"Say " + i + "\", \"completion\": \"" + words + "\"}");
    }
    for (int i = 0; i < 9_000; i++) {
      texts.add("{\"text\": \"Line " + random.nextInt() + " of a text. 第" + i + "行。\"}");
    }
    Path template = temporary.resolve("a template.jinja");
    try (InputStream source = ChatTemplates.class.getResourceAsStream("chatml.jinja")) {
      Files.copy(source, template);
    }
    Path builtIn = temporary.resolve("built in");
    String unpacked = "tokenize.packing=none";
    String ours = "tokenize.chat_template=" + there(template);
    tokenize(chats, conversations, "tokenize.stage=sft", unpacked, ours);
    tokenize(chats, builtIn, "tokenize.stage=sft", unpacked, "tokenize.chat_template=chatml");
    assertThat(arrow(conversations).get(0))
        .as("by a template of elsewhere")
        .hasSameBinaryContentAs(arrow(builtIn).get(0));
    tokenize(texts, large, "tokenize.shard_mb=1", "tokenize.tail=drop");
    assertThat(arrow(large)).as("several files").hasSizeGreaterThan(1);
  }

  private static void tokenize(List<String> rows, Path output, String... more) throws IOException {
    Path corpus = Files.write(temporary.resolve(output.getFileName() + ".jsonl"), rows);
    List<String> settings =
        new ArrayList<>(
            List.of(
                "tokenize.tokenizer=" + fixture.model,
                "tokenize.inputs=[{path=\"" + corpus + "\"}]",
                "tokenize.block_size=32",
                "tokenize.output=" + output));
    settings.addAll(List.of(more));
    JobLine line = JobLine.run(new TokenizeJob(), settings.toArray(String[]::new));
    assertThat(line.code()).as(line.err()).isZero();
  }

  private static List<Path> arrow(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".arrow")).sorted().toList();
    }
  }

  @AfterAll
  static void forget() {
    System.clearProperty(STORE);
    System.clearProperty(LOCAL_DIR);
  }

  @BeforeEach
  void count() {
    CountedStore.forget();
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    Path local = temporary.resolve("local dir");
    if (Files.exists(local)) {
      try (Stream<Path> left = Files.list(local)) {
        assertThat(left.filter(path -> path.getFileName().toString().startsWith("anneal")))
            .isEmpty();
      }
    }
  }

  private static String there(Path path) {
    return "obs:" + path;
  }

  private static JobLine remote(Path output, Path shards, String... settings) {
    List<String> all =
        new ArrayList<>(
            List.of("model.path=" + there(fixture.model), "data.train=" + there(shards)));
    all.addAll(List.of(settings));
    return fixture.train(output, all.toArray(String[]::new));
  }

  private static List<String> losses(JobLine line, Path output) throws IOException {
    assertThat(line.code()).as(line.err()).isZero();
    return TrainFixture.losses(output);
  }

  private static void assertSameAsLocal(Path shards, String... settings) throws IOException {
    Path here = Files.createTempDirectory(temporary, "here");
    Path there = Files.createTempDirectory(temporary, "there");
    List<String> local = new ArrayList<>(List.of(settings));
    local.add("data.train=" + shards);
    List<String> expected = losses(fixture.train(here, local.toArray(String[]::new)), here);
    assertThat(losses(remote(there, shards, settings), there)).isEqualTo(expected);
  }

  private static void assertReadOnce(Path... files) throws IOException {
    for (Path file : files) {
      assertThat(CountedStore.read().getOrDefault(file.toString(), 0L))
          .as("bytes read of %s", file)
          .isEqualTo(Files.size(file));
    }
  }

  @Test
  void twoRanksTrainAsFromLocalFilesAndReadEachByteOnce() throws IOException {
    assertSameAsLocal(large, "distributed.world_size=2", "train.per_device_train_batch_size=4");
    assertReadOnce(arrow(large).toArray(Path[]::new));
    Path weights = fixture.model.resolve("model.safetensors");
    assertThat(CountedStore.read().get(weights.toString()))
        .as("the driver's look at the header besides")
        .isBetween(Files.size(weights), Files.size(weights) + (1 << 16) + 8);
  }

  @Test
  void storedOrderTakesOneFileAfterTheOther() throws IOException {
    List<Path> parts = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      parts.add(fixture.copy(fixture.shards, "part " + i));
    }
    Path here = temporary.resolve("stored here");
    Path there = temporary.resolve("stored there");
    String[] order = {"train.shuffle=false", "data.cache_mb=1", "train.max_steps=14"};
    List<String> local = new ArrayList<>(List.of(order));
    local.add("data.train=" + list(parts, ""));
    List<String> remote = new ArrayList<>(List.of(order));
    remote.add("data.train=" + list(parts, "obs:"));
    assertThat(losses(fixture.train(there, remote.toArray(String[]::new)), there))
        .isEqualTo(losses(fixture.train(here, local.toArray(String[]::new)), here));
    for (Path part : parts) {
      for (Path file : arrow(part)) {
        assertThat(CountedStore.read().get(file.toString()))
            .as("bytes read of %s: once, and the lengths of its rows besides", file)
            .isBetween(Files.size(file), 2 * Files.size(file));
      }
    }
  }

  private static String list(List<Path> paths, String scheme) {
    return paths.stream()
        .map(path -> '"' + scheme + path + '"')
        .collect(Collectors.joining(", ", "[", "]"));
  }

  @Test
  void conversationsAreGroupedByLengthAndScoredAsFromLocalFiles() throws IOException {
    assertSameAsLocal(
        conversations,
        "train.group_by_length=true",
        "data.eval=[\"" + there(fixture.shards) + "\"]",
        "train.gradient_checkpointing=auto",
        "distributed.memory_per_rank=4g");
  }

  @Test
  void aRunGoesOnFromTheSameModelElsewhere() throws IOException {
    Path resumed = temporary.resolve("resumed");
    JobLine begun = fixture.train(resumed, "train.lr_scheduler_type=constant", "train.max_steps=2");
    assertThat(begun.code()).as(begun.err()).isZero();
    JobLine same =
        remote(
            resumed,
            fixture.shards,
            "train.lr_scheduler_type=constant",
            "train.max_steps=2",
            "train.resume_from_checkpoint=auto");
    assertThat(same.code()).as(same.err()).isZero();
    assertThat(same.out()).contains("finished at step 2 already");
  }

  @Test
  void aForeignFolderIsReadByItsHeaders() throws IOException {
    Path foreign = fixture.copy(fixture.shards, "foreign");
    Files.delete(foreign.resolve("_anneal/manifest.json"));
    assertSameAsLocal(foreign, "data.allow_foreign=true");
  }

  @Test
  void planReadsManifestsAndHeadersAlone() throws IOException {
    JobLine planned =
        JobLine.run(
            new PlanJob(),
            "model.path=" + there(fixture.model),
            "data.train=" + there(large),
            "data.eval=" + there(conversations),
            "train.per_device_train_batch_size=2");
    assertThat(planned.code()).as(planned.err()).isZero();
    assertThat(planned.out().replaceAll(": +", ": "))
        .contains("largest batch: 64 tokens on a rank");
    for (Path file : arrow(large)) {
      assertThat(CountedStore.read())
          .as("its rows are all full")
          .doesNotContainKey(file.toString());
    }
    long header = CountedStore.read().get(fixture.model.resolve("model.safetensors").toString());
    assertThat(header).isLessThan(Files.size(fixture.model.resolve("model.safetensors")));
  }

  @Test
  void whatAHostMayNotKeepIsRefusedBeforeItComes() {
    JobLine refused = remote(temporary.resolve("small"), large, "data.cache_mb=1");
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err())
        .contains("Cannot keep the shards of data.train and data.eval on a host: ")
        .contains("in shuffled order (must be <= data.cache_mb = 1; give more room, or set")
        .contains("train.shuffle = false");
    assertThat(CountedStore.read().keySet()).noneMatch(path -> path.endsWith(".arrow"));
  }

  @Test
  void aFileThatChangedOnItsWayIsNamed() throws IOException {
    Path broken = fixture.copy(fixture.shards, "broken");
    Path file = arrow(broken).get(0);
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 100] ^= 1;
    Files.write(file, bytes);
    JobLine line = remote(temporary.resolve("broken run"), broken);
    assertThat(line.code()).isEqualTo(3);
    assertThat(line.err())
        .contains("Cannot read obs:" + file + ": its sha256 differs from the manifest's");
  }

  @Test
  void nothingIsLeftOfAFailedStart() {
    JobLine line = remote(temporary.resolve("absent"), temporary.resolve("no such folder"));
    assertThat(line.code()).isEqualTo(2);
    assertThat(line.err()).contains("Cannot read data.train: obs:").contains("no such folder");
  }
}
