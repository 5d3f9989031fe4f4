package dev.anneal.jobs.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.data.config.InputConfig;
import dev.anneal.jobs.tokenize.StartedProcesses;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusListingTest {
  private static final List<String> NAMES =
      List.of(
          "a.jsonl", "b/2.jsonl", "b.jsonl", "b:1/c:d.jsonl", "\uff21.jsonl", "\ud83d\ude00.txt");

  @TempDir Path temp;
  private Path folder;

  @BeforeEach
  void makeFiles() throws IOException {
    folder = Files.createDirectories(temp.resolve("语料 run:1"));
    for (String name : NAMES) {
      make(name);
    }
  }

  @Test
  void ordersVisibleFilesByTheBytesOfTheirPaths() throws IOException {
    for (String hidden : List.of("_SUCCESS", ".a.jsonl.crc", "_logs/a.jsonl", "b/.x/a.jsonl")) {
      make(hidden);
    }
    List<String> inOrder =
        NAMES.stream()
            .sorted((one, other) -> Arrays.compareUnsigned(utf8(one), utf8(other)))
            .toList();
    for (String path : List.of(folder.toString(), folder + "/", "file:" + folder)) {
      List<CorpusFile> files = list(path);
      assertThat(files).extracting(CorpusFile::path).containsExactlyElementsOf(inOrder);
      assertThat(files.get(0).uri()).isEqualTo("file:" + folder + "/a.jsonl");
      assertThat(files.get(0).bytes()).isEqualTo(7);
      assertThat(files.get(0).modifiedMillis())
          .isEqualTo(Files.getLastModifiedTime(folder.resolve("a.jsonl")).toMillis());
    }
    assertThat(list(folder.toString()))
        .extracting(CorpusFile::display)
        .containsAll(NAMES.stream().map(name -> folder + "/" + name).toList());
  }

  @Test
  void listsWithoutStartingAProcess() throws Exception {
    assertThat(
            StartedProcesses.during(
                () -> {
                  list(folder.toString());
                  list(folder + "/*");
                }))
        .isEmpty();
  }

  @Test
  void readsPatternsAsHadoopDoes() throws IOException {
    make("_named.jsonl");
    for (Map.Entry<String, List<String>> pattern :
        Map.of(
                "/*.jsonl", List.of("_named.jsonl", "a.jsonl", "b.jsonl", "\uff21.jsonl"),
                "/[ab].jsonl", List.of("a.jsonl", "b.jsonl"),
                "/[^b].jsonl", List.of("a.jsonl", "\uff21.jsonl"),
                "/{a,b/2}.jsonl", List.of("a.jsonl", "b/2.jsonl"),
                "/b?1", List.of("b:1/c:d.jsonl"),
                "/b*/*", List.of("b/2.jsonl", "b:1/c:d.jsonl"))
            .entrySet()) {
      assertThat(list(folder + pattern.getKey()))
          .as(pattern.getKey())
          .extracting(CorpusFile::path)
          .containsExactlyInAnyOrderElementsOf(pattern.getValue());
    }
    assertThatThrownBy(() -> list(folder + "/*.orc"))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Cannot find tokenize.inputs[0].path: " + folder + "/*.orc (no such file or folder)");
  }

  @Test
  void followsLinksAndPassesOverThoseThatLeadNowhere() throws IOException {
    Path elsewhere = Files.createDirectories(temp.resolve("elsewhere"));
    Files.writeString(elsewhere.resolve("linked.jsonl"), "{}");
    Files.createSymbolicLink(folder.resolve("b/more"), elsewhere);
    Files.createSymbolicLink(folder.resolve("b/nowhere.jsonl"), temp.resolve("none"));
    Files.createSymbolicLink(folder.resolve("b/again"), folder);
    assertThat(list(folder + "/b"))
        .extracting(CorpusFile::path)
        .contains("2.jsonl", "more/linked.jsonl")
        .noneMatch(path -> path.contains("nowhere") || path.contains("again/b/again"));
    Path link = Files.createSymbolicLink(temp.resolve("link"), folder);
    assertThat(list(link.toString())).hasSizeGreaterThan(NAMES.size());
  }

  @Test
  void takesANameWithAColonForAName() throws IOException {
    Path here = Files.createDirectories(Path.of("listing:1"));
    try {
      Files.writeString(here.resolve("x:y.jsonl"), "{}");
      for (String path : List.of("listing:1", "./listing:1", "listing:1/*", "listing?1")) {
        assertThat(list(path)).as(path).hasSize(1);
        assertThat(list(path).get(0).uri())
            .isEqualTo("file:" + here.toAbsolutePath() + "/x:y.jsonl");
      }
      assertThat(list("listing:1").get(0).display()).isEqualTo("listing:1/x:y.jsonl");
    } finally {
      Files.delete(here.resolve("x:y.jsonl"));
      Files.delete(here);
    }
    assertThatThrownBy(() -> list("listing:"))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid tokenize.inputs[0].path: 'listing:' (reads as a scheme: write ./listing:)");
  }

  @Test
  void leavesOutWhatDescribesASavedDataset() throws IOException {
    Path saved = Files.createDirectories(temp.resolve("saved"));
    Files.writeString(saved.resolve("dataset_dict.json"), "{}");
    Path train = Files.createDirectories(saved.resolve("train"));
    Files.writeString(train.resolve("dataset_info.json"), "{}");
    Files.writeString(
        train.resolve("state.json"), "{\"_data_files\": [{\"filename\": \"data-0.arrow\"}]}");
    Files.writeString(train.resolve("data-0.arrow"), "x");
    Files.writeString(train.resolve("cache-0.arrow"), "x");
    assertThat(list(saved.toString()))
        .extracting(CorpusFile::path)
        .containsExactly("train/data-0.arrow");
    assertThat(list(train + "/state.json")).hasSize(1);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private void make(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "content");
  }

  private static List<CorpusFile> list(String path) throws IOException {
    InputConfig input =
        new InputConfig(
            path, "", "", InputConfig.Format.AUTO, InputConfig.DatasetFormat.AUTO, 1, Map.of());
    return new CorpusListing(new Configuration()).list(0, input);
  }
}
