package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.config.DedupConfig;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.MixingConfig;
import dev.anneal.data.config.ShuffleConfig;
import dev.anneal.data.config.SplitConfig;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.jobs.corpus.Mixing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

/** Splits, order and mixture of documents. */
class TokenizeMixTest extends TokenizeTest {
  private List<String> documents(String name, int count) throws IOException {
    List<String> documents = new ArrayList<>();
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < count; i++) {
      documents.add(name + " 文档 number " + i);
      lines.append("{\"text\": \"").append(documents.get(i)).append("\"}\n");
    }
    write(name + ".jsonl", lines.toString());
    return documents;
  }

  private List<List<Integer>> rowsOf(Path folder) {
    Path before = output;
    output = folder;
    List<List<Integer>> rows = rows();
    output = before;
    return rows;
  }

  /** The documents of a stream of blocks, without their end tokens. */
  private static List<List<Integer>> documents(List<List<Integer>> blocks) {
    int eos = blocks(List.of("x"), 64).get(0).get(1);
    List<List<Integer>> documents = new ArrayList<>();
    List<Integer> open = new ArrayList<>();
    for (List<Integer> block : blocks) {
      for (int id : block) {
        if (id == eos) {
          documents.add(open);
          open = new ArrayList<>();
        } else {
          open.add(id);
        }
      }
    }
    return documents;
  }

  private static List<List<Integer>> encoded(List<String> texts) {
    return documents(blocks(texts, 64));
  }

  @Test
  void splitsGoToFoldersOfTheirOwnByContentAlone() throws IOException {
    List<String> texts = documents("a", 200);
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.split = new SplitConfig(0.1, 0.05);
    Map<String, TokenizeOutcome> sets = new OutputSets(spark(), settings.config()).run();
    assertThat(sets.keySet()).containsExactly("train", "validation", "test");
    assertThat(output.resolve("dataset_dict.json"))
        .hasContent("{\"splits\":[\"train\",\"validation\",\"test\"]}");
    assertThat(output.resolve("_anneal")).doesNotExist();
    List<List<Integer>> all = new ArrayList<>();
    for (String name : sets.keySet()) {
      all.addAll(documents(rowsOf(output.resolve(name))));
    }
    assertThat(all).containsExactlyInAnyOrderElementsOf(encoded(texts));
    List<List<Integer>> validation = documents(rowsOf(output.resolve("validation")));
    assertThat(validation).hasSizeBetween(8, 35);

    assertThat(new OutputSets(spark(), settings.config()).run().values())
        .allMatch(TokenizeOutcome::upToDate);
    settings.split = new SplitConfig(0.2, 0.05);
    assertThatThrownBy(() -> new OutputSets(spark(), settings.config()).run())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("split test of [validation=0.1, test=0.05] (now test of ");
    settings.split = new SplitConfig(0.1, 0);
    assertThatThrownBy(() -> new OutputSets(spark(), settings.config()).run())
        .hasMessage(
            "Invalid tokenize.output: "
                + output
                + " holds test, of another tokenize.split (choose another folder)");
    settings.split = SplitConfig.OFF;
    assertRefused(settings, "holds dataset_dict.json, which no tokenize job made");

    // More documents, in another order: none changes its side.
    documents("0", 100);
    TestCorpus grown = new TestCorpus(temp.resolve("grown")).input(corpus);
    grown.split = new SplitConfig(0.1, 0.05);
    new OutputSets(spark(), grown.config()).run();
    assertThat(documents(rowsOf(grown.output.resolve("validation")))).containsAll(validation);
  }

  @Test
  void splitsRefuseFoldersOfOthersAndEmptySets() throws IOException {
    documents("a", 3);
    TestCorpus settings = new TestCorpus(output).input(corpus);
    run(settings);
    settings.split = new SplitConfig(0.5, 0);
    assertThatThrownBy(() -> new OutputSets(spark(), settings.config()).run())
        .hasMessageContaining("holds shards that were made without tokenize.split");
    TestCorpus other = new TestCorpus(temp.resolve("other")).input(corpus);
    Files.createDirectories(other.output);
    Files.writeString(other.output.resolve("thesis.doc"), "precious");
    other.split = new SplitConfig(0.5, 0);
    assertThatThrownBy(() -> new OutputSets(spark(), other.config()).run())
        .hasMessageContaining("holds thesis.doc, which no tokenize job made");
    TestCorpus empty = new TestCorpus(temp.resolve("empty")).input(corpus);
    empty.split = new SplitConfig(1e-9, 0);
    assertThatThrownBy(() -> new OutputSets(spark(), empty.config()).run())
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid tokenize.split.validation: 1.0E-9 (no document of the corpus falls into it)");
    assertThat(empty.output.resolve("dataset_dict.json")).doesNotExist();
  }

  @Test
  void splitsShareDecisionsAndDropsAreCountedOnce() throws IOException {
    List<String> texts = documents("a", 60);
    documents("b", 1);
    Files.copy(corpus.resolve("a.jsonl"), corpus.resolve("c.jsonl"));
    TestCorpus settings = new TestCorpus(output).input(corpus);
    settings.split = new SplitConfig(0.3, 0);
    settings.dedup = new DedupConfig(true, false, 0.8, 5, 0, 0);
    new OutputSets(spark(), settings.config()).run();
    List<List<Integer>> all = documents(rowsOf(output.resolve("train")));
    all.addAll(documents(rowsOf(output.resolve("validation"))));
    assertThat(all).hasSize(texts.size() + 1).doesNotHaveDuplicates();
    long dropped = 0;
    for (String name : List.of("train", "validation")) {
      Path shown = output.resolve(name).resolve("_anneal/dropped.jsonl");
      dropped += Files.readAllLines(shown).size();
    }
    assertThat(dropped).isEqualTo(6);
  }

  @Test
  void theOrderIsAFunctionOfTheSeedForAnyNumberOfSlots() throws IOException {
    List<String> texts = documents("a", 120);
    texts.addAll(documents("b", 60));
    TestCorpus first = new TestCorpus(temp.resolve("first")).input(corpus);
    first.shuffle = new ShuffleConfig(true, 1);
    ShardManifest manifest = run(first).manifest();
    List<List<Integer>> order = documents(rowsOf(first.output));
    assertThat(order)
        .containsExactlyInAnyOrderElementsOf(encoded(texts))
        .isNotEqualTo(encoded(texts));
    TestCorpus other = new TestCorpus(temp.resolve("other")).input(corpus);
    other.shuffle = new ShuffleConfig(true, 2);
    run(other);
    assertThat(documents(rowsOf(other.output))).isNotEqualTo(order);
    stopSpark();
    for (String master : List.of("local[1]", "local[5]")) {
      JavaSparkContext spark = start(master);
      try {
        TestCorpus again = new TestCorpus(temp.resolve(master)).input(corpus);
        again.shuffle = new ShuffleConfig(true, 1);
        ShardManifest made = new TokenizePipeline(spark, again.config()).run().manifest();
        assertThat(made).isEqualTo(manifest);
      } finally {
        spark.stop();
      }
    }
    startSpark();
  }

  @Test
  void conversationsAreShuffledWithTheirLabels() throws IOException {
    StringBuilder chats = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      chats.append("{\"instruction\": \"问 ").append(i).append("\", \"output\": \"a ");
      chats.append(i).append("\"}\n");
    }
    write("chats.jsonl", chats.toString());
    Set<ShardManifest.Counts> counts = new HashSet<>();
    List<List<List<Integer>>> orders = new ArrayList<>();
    for (boolean shuffled : new boolean[] {false, true}) {
      TestCorpus settings = new TestCorpus(temp.resolve("sft " + shuffled)).input(corpus);
      settings.stage = TokenizeConfig.Stage.SFT;
      settings.chatTemplate = "chatml";
      settings.blockSize = 64;
      settings.shuffle = new ShuffleConfig(shuffled, 42);
      counts.add(run(settings).manifest().counts());
      orders.add(rowsOf(settings.output));
    }
    assertThat(counts).hasSize(1);
    assertThat(orders.get(1))
        .isNotEqualTo(orders.get(0))
        .containsExactlyInAnyOrderElementsOf(orders.get(0));
  }

  @Test
  void proportionsAreOfTheTextThatIsKept() throws IOException {
    documents("a", 400);
    documents("b", 100);
    TestCorpus settings = new TestCorpus(output);
    settings.input(corpus.resolve("a.jsonl"), InputConfig.Format.AUTO, 1, Map.of());
    settings.input(corpus.resolve("b.jsonl"), InputConfig.Format.AUTO, 1, Map.of());
    settings.mixing = new MixingConfig(MixingConfig.Strategy.PROPORTIONAL, 2);
    run(settings);
    List<List<Integer>> made = documents(rows());
    List<List<Integer>> ofB = encoded(documents("b", 100));
    long countB = made.stream().filter(ofB::contains).count();
    assertThat(countB).isEqualTo(200); // twice, the most
    assertThat(made.size() - countB).isCloseTo(200, within(30L));
  }

  @Test
  void epochsAreArithmetic() {
    MixingConfig proportional = new MixingConfig(MixingConfig.Strategy.PROPORTIONAL, 0);
    assertThat(new Mixing(proportional, List.of(3.0, 1.0)).proportional(new long[] {300, 200}))
        .containsExactly(1, 0.5);
    assertThat(new Mixing(proportional, List.of(1.0, 1.0, 1.0)).proportional(new long[] {10, 0, 5}))
        .containsExactly(0.5, 1, 1);
    MixingConfig capped = new MixingConfig(MixingConfig.Strategy.REPEAT, 2);
    assertThat(new Mixing(capped, List.of(3.0, 0.5)).repeated()).containsExactly(2, 0.5);
    assertThat(new Mixing(MixingConfig.OFF, List.of(3.0, 0.5)).repeated()).containsExactly(3, 0.5);
  }
}
