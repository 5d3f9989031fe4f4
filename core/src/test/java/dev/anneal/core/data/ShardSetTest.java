package dev.anneal.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Reads what datasets and pyarrow wrote; {@code interop/fixtures/make_shards.py} made the files.
 */
class ShardSetTest {
  private static final int[][] ROWS = {{1, 2, 3}, {4}, {}, {5, 6, 7, 8}, {9, 10}};
  private static final ShardOptions FOREIGN = ShardOptions.of(100).withForeign();

  @Test
  void readsWhatDatasetsSavedWithoutThePadding() throws Exception {
    try (ShardSet set = open("saved by datasets")) {
      assertThat(set.rowCount()).isEqualTo(5);
      for (int i = 0; i < ROWS.length; i++) {
        assertThat(set.row(i).inputIds()).containsExactly(ROWS[i]);
        assertThat(set.row(i).labels()).containsExactly(ROWS[i]);
        int[] lengths = ROWS[i].length == 0 ? new int[0] : new int[] {ROWS[i].length};
        assertThat(set.row(i).sequenceLengths()).containsExactly(lengths);
      }
      assertThat(set.contentHashes()).hasSize(1);
      assertThat(set.manifests()).isEmpty();
    }
  }

  @Test
  void findsItsColumnsAmongOthersInSeveralFilesAndBatches() throws Exception {
    int[][] lengths = {{1, 2}, {1}, {}, {2, 2}, {2}};
    try (ShardSet set = open("many-columns")) {
      for (int i = ROWS.length - 1; i >= 0; i--) {
        TokenRow row = set.row(i);
        int[] labels = ROWS[i].clone();
        Arrays.fill(labels, 0, Math.min(1, labels.length), TokenRow.IGNORE_INDEX);
        assertThat(row.inputIds()).containsExactly(ROWS[i]);
        assertThat(row.labels()).containsExactly(labels);
        assertThat(row.sequenceLengths()).containsExactly(lengths[i]);
      }
    }
  }

  @Test
  void tellsLengthsWithoutDecodingTheRows() throws Exception {
    List<Path> folders = List.of(fixture("many-columns"), fixture("no-rows"));
    try (ShardSet set = ShardSet.open(folders, FOREIGN)) {
      for (int i = 0; i < ROWS.length; i++) {
        assertThat(set.length(i)).isEqualTo(ROWS[i].length);
      }
      assertThatThrownBy(() -> set.length(5)).hasMessage("Invalid row: 5 of 5");
    }
    ShardOptions options = ShardOptions.of(65536).withForeign();
    try (ShardSet set = ShardSet.open(List.of(fixture("fixed-size-uint16")), options)) {
      assertThat(set.length(1)).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @CsvSource({"null-row, 0", "huge-id, 2", "negative-id, 2"})
  void aRowThatCannotBeTrainedOnHasALength(String name, int length) throws Exception {
    try (ShardSet set = open(name)) {
      assertThat(set.length(1)).as("its reason comes when it is read").isEqualTo(length);
    }
  }

  @Test
  void tellsRaggedRowsFromBlocksAndFromPackedRows() throws Exception {
    assertThat(ragged("conversations")).isTrue();
    assertThat(ragged("blocks")).as("the tail does not count").isFalse();
    assertThat(ragged("blocks", "blocks")).isFalse();
    assertThat(ragged("blocks", "no-rows", "conversations")).isTrue();
    assertThat(ragged("many-columns")).as("packed").isFalse();
    assertThat(ragged("conversations", "many-columns")).as("packed in part").isFalse();
    assertThat(ragged("saved by datasets")).as("padded to one length").isFalse();
    assertThat(ragged("no-rows")).isFalse();
    assertThat(ragged("bad-labels")).as("one row").isFalse();
  }

  @Test
  void joinsFoldersInTheGivenOrder() throws Exception {
    List<Path> folders = List.of(fixture("many-columns"), fixture("saved by datasets"));
    try (ShardSet set = ShardSet.open(folders, FOREIGN)) {
      assertThat(set.rowCount()).isEqualTo(10);
      assertThat(set.row(5).inputIds()).containsExactly(1, 2, 3);
      assertThat(set.contentHashes()).doesNotHaveDuplicates().hasSize(2);
      assertThatThrownBy(() -> set.row(10)).hasMessage("Invalid row: 10 of 10");
    }
  }

  @Test
  void readsUnsignedFixedSizeLists() throws Exception {
    ShardOptions options = ShardOptions.of(65536).withForeign();
    try (ShardSet set = ShardSet.open(List.of(fixture("fixed-size-uint16")), options)) {
      assertThat(set.row(1).inputIds()).containsExactly(3, 65535);
    }
  }

  @Test
  void opensASetWithoutRows() throws Exception {
    try (ShardSet set = open("no-rows")) {
      assertThat(set.rowCount()).isZero();
      assertThatThrownBy(() -> set.row(0)).hasMessage("Invalid row: 0 of 0");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "null-row | 1 | input_ids is null",
        "null-id | 1 | input_ids[1] is null",
        "huge-id | 1 | input_ids[1] = 1099511627776",
        "negative-id | 1 | input_ids[1] = -1 lies outside the vocabulary of 100",
        "fixed-size-uint16 | 1 | input_ids[1] = 65535 lies outside the vocabulary of 100",
        "bad-lengths | 0 | Invalid seq_lengths: sum 3 (expected 2 as input_ids)",
        "bad-labels | 0 | Invalid labels: 1 (expected 2 as input_ids)",
        "holed-mask | 0 | attention_mask[1] = 0 between visible tokens (only padding may be hidden)",
      })
  void namesTheRowThatCannotBeTrainedOn(String name, int row, String reason) throws Exception {
    try (ShardSet set = open(name)) {
      assertThatThrownBy(() -> set.row(row))
          .isInstanceOf(InvalidRowException.class)
          .hasMessage(
              "Invalid row " + row + " of " + fixture(name).resolve("data.arrow") + ": " + reason);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "compressed | its buffers are compressed (write the data set without compression)",
        "file-format | it is in the Arrow file format (must be the stream format that save_to_disk"
            + " writes)",
        "text-only | it has no column input_ids",
        "float-ids | column input_ids has type List (must be a list of integers)",
      })
  void saysWhyAFileCannotBeRead(String name, String reason) throws Exception {
    assertThatThrownBy(() -> open(name))
        .isInstanceOf(InvalidShardException.class)
        .hasMessage("Cannot read " + fixture(name).resolve("data.arrow") + ": " + reason);
  }

  @Test
  void noticesATruncatedFileAtEveryLength(@TempDir Path temp) throws Exception {
    Path folder = copy("negative-id", temp.resolve("cut short"));
    Path file = folder.resolve("data.arrow");
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length - 4; length += 4) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> ShardSet.open(List.of(folder), FOREIGN))
          .as("%d of %d bytes", length, whole.length)
          .isInstanceOf(InvalidShardException.class)
          .hasMessageContaining("Cannot read " + file + ": it is ");
    }
  }

  @Test
  void refusesBytesThatAreNoArrow(@TempDir Path temp) throws Exception {
    Path folder = copy("no-rows", temp.resolve("x"));
    Files.writeString(folder.resolve("data.arrow"), "这不是数据 ".repeat(50));
    assertThatThrownBy(() -> ShardSet.open(List.of(folder), FOREIGN))
        .isInstanceOf(InvalidShardException.class)
        .hasMessageContaining("it is no Arrow stream");
  }

  @Test
  void refusesAForeignFolderUnlessAllowed() throws Exception {
    Path folder = fixture("many-columns");
    assertThatThrownBy(() -> ShardSet.open(List.of(folder), ShardOptions.of(100)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(folder + " has no _anneal/manifest.json")
        .hasMessageContaining("data.allow_foreign = true");
  }

  @Test
  void saysWhatIsMissingInAFolder(@TempDir Path temp) throws Exception {
    Path absent = temp.resolve("absent");
    assertThatThrownBy(() -> ShardSet.open(List.of(absent), FOREIGN))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Cannot find data folder: " + absent);
    assertThatThrownBy(() -> ShardSet.open(List.of(temp), FOREIGN))
        .hasMessage("Cannot read " + temp.resolve("state.json") + ": no such file");
    assertThatThrownBy(() -> ShardSet.open(List.of(), FOREIGN))
        .hasMessage("Invalid data.train: [] (must name at least one shard folder)");

    Files.writeString(temp.resolve("state.json"), "{\"_data_files\":[{\"filename\":\"../x\"}]}");
    assertThatThrownBy(() -> ShardSet.open(List.of(temp), FOREIGN))
        .hasMessageContaining("invalid filename '../x' (must be a plain name)");
    Files.writeString(temp.resolve("state.json"), "{\"_data_files\":[{\"filename\":\"x\"}]}");
    assertThatThrownBy(() -> ShardSet.open(List.of(temp), FOREIGN))
        .hasMessage("Cannot read " + temp.resolve("x") + ": no such file");
    Files.writeString(temp.resolve("dataset_dict.json"), "{\"splits\": [\"train\"]}");
    assertThatThrownBy(() -> ShardSet.open(List.of(temp), FOREIGN))
        .hasMessageContaining("holds a DatasetDict (name the folder of one split");
  }

  @Test
  void comparesFilesWithTheManifest(@TempDir Path temp) throws Exception {
    Path folder = copy("negative-id", temp.resolve("own"));
    Path file = folder.resolve("data.arrow");
    writeManifest(folder, Files.size(file), "00");
    ShardOptions options = ShardOptions.of(100);
    try (ShardSet set = ShardSet.open(List.of(folder), options)) {
      set.requireTokenizer("t1");
      assertThatThrownBy(() -> set.requireTokenizer("t2"))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining(
              "was made with another tokenizer than the model's (tokenizer_sha256 t1, expected t2");
    }
    assertThatThrownBy(() -> ShardSet.open(List.of(folder), options.withChecksums()))
        .hasMessage("Cannot read " + file + ": its sha256 differs from the manifest's");
    Files.write(file, new byte[8], StandardOpenOption.APPEND);
    assertThatThrownBy(() -> ShardSet.open(List.of(folder), options))
        .isInstanceOf(InvalidShardException.class)
        .hasMessageContaining("bytes (manifest: " + (Files.size(file) - 8) + ")");
    Files.writeString(folder.resolve(ShardManifest.PATH), "{");
    assertThatThrownBy(() -> ShardSet.open(List.of(folder), options))
        .isInstanceOf(InvalidShardException.class)
        .hasMessageContaining("manifest.json: not JSON");
  }

  @Test
  void refusesAFolderWithoutArrowShards(@TempDir Path folder) throws IOException {
    ShardManifest.Counts counts = new ShardManifest.Counts(2, 3, 1);
    ShardManifest.Output output =
        new ShardManifest.Output(
            "megatron", List.of(new ShardManifest.Shard("megatron/a.bin", counts, 6, "aa")));
    ShardManifest manifest =
        ShardManifest.of(
            "0.1.0",
            List.of("input_ids"),
            List.of(),
            List.of(output),
            new ShardManifest.Origin("t1", "", java.util.Map.of("stage", "pt"), List.of()));
    Files.createDirectories(folder.resolve(ShardManifest.FOLDER));
    Files.writeString(folder.resolve(ShardManifest.PATH), ShardManifestParser.toJson(manifest));
    assertThatThrownBy(() -> ShardSet.open(List.of(folder), ShardOptions.of(100)))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid data folder: "
                + folder
                + " holds no Arrow shards, only [megatron] (tokenize with arrow in"
                + " tokenize.outputs)");
  }

  private static void writeManifest(Path folder, long bytes, String sha256) throws IOException {
    ShardManifest.Counts counts = new ShardManifest.Counts(2, 3, 1);
    ShardManifest manifest =
        ShardManifest.of(
            "0.1.0",
            List.of("input_ids"),
            List.of(new ShardManifest.Shard("data.arrow", counts, bytes, sha256)),
            new ShardManifest.Origin("t1", "", java.util.Map.of("stage", "pt"), List.of()));
    Files.createDirectories(folder.resolve(ShardManifest.FOLDER));
    Files.writeString(folder.resolve(ShardManifest.PATH), ShardManifestParser.toJson(manifest));
  }

  private static Path copy(String name, Path target) throws Exception {
    Files.createDirectories(target);
    for (String file : List.of("data.arrow", "state.json", "dataset_info.json")) {
      Files.copy(fixture(name).resolve(file), target.resolve(file));
    }
    return target;
  }

  private static boolean ragged(String... names) throws URISyntaxException {
    List<Path> folders = new ArrayList<>();
    for (String name : names) {
      folders.add(fixture(name));
    }
    try (ShardSet set = ShardSet.open(folders, FOREIGN)) {
      return set.ragged();
    }
  }

  private static ShardSet open(String name) throws URISyntaxException {
    return ShardSet.open(List.of(fixture(name)), FOREIGN);
  }

  private static Path fixture(String name) throws URISyntaxException {
    return Path.of(ShardSetTest.class.getResource("/shards").toURI()).resolve(name);
  }
}
