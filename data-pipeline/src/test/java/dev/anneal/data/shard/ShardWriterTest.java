package dev.anneal.data.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.data.InvalidShardException;
import dev.anneal.core.data.ShardColumns;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.ShardOptions;
import dev.anneal.core.data.ShardSet;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.io.LocalFileStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardWriterTest {
  private static final ShardColumns ALL = new ShardColumns(true, true, true);
  private static final ShardColumns IDS = new ShardColumns(false, false, false);

  @TempDir Path temp;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 999, 1000, 1001, 2500})
  void readsBackWhatItWrote(int count) throws IOException {
    List<TokenRow> rows = randomRows(count);
    Path folder = temp.resolve("带 空格");
    ShardManifest manifest = write(folder, List.of(rows), ALL);
    try (ShardSet set = ShardSet.open(List.of(folder), ShardOptions.of(50).withChecksums())) {
      assertThat(set.rowCount()).isEqualTo(count);
      assertThat(set.manifests()).containsExactly(manifest);
      for (int i = 0; i < count; i++) {
        assertThat(set.row(i)).usingRecursiveComparison().isEqualTo(rows.get(i));
      }
    }
  }

  @Test
  void joinsSeveralShardsInOrder() throws IOException {
    List<TokenRow> rows = randomRows(30);
    Path folder = temp.resolve("three");
    write(folder, List.of(rows.subList(0, 7), List.of(), rows.subList(7, 30)), ALL);
    try (ShardSet set = ShardSet.open(List.of(folder), ShardOptions.of(50).withChecksums())) {
      assertThat(set.rowCount()).isEqualTo(30);
      for (int i = 0; i < 30; i++) {
        assertThat(set.row(i).inputIds()).containsExactly(rows.get(i).inputIds());
      }
    }
  }

  @Test
  void countsTargetsAfterTheShiftInsideEachSequence() throws IOException {
    TokenRow row =
        new TokenRow(new int[] {1, 2, 3, 4, 5}, new int[] {1, 2, -100, 4, 5}, new int[] {2, 3});
    ShardManifest manifest = write(temp.resolve("x"), List.of(List.of(row)), ALL);
    assertThat(manifest.counts()).isEqualTo(new ShardManifest.Counts(1, 5, 3));
  }

  @Test
  void writesTheSameBytesAgain() throws IOException {
    List<TokenRow> rows = randomRows(1200);
    String first = write(temp.resolve("a"), List.of(rows), IDS).contentHash();
    String second = write(temp.resolve("b"), List.of(rows), IDS).contentHash();
    assertThat(second).isEqualTo(first);
    for (String file : List.of("state.json", "dataset_info.json", ShardManifest.PATH)) {
      assertThat(temp.resolve("a").resolve(file))
          .hasSameBinaryContentAs(temp.resolve("b").resolve(file));
    }
  }

  @Test
  void cutsBatchesByTokensToo() throws IOException {
    List<TokenRow> rows = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      int[] ids = new int[1 << 20];
      ids[0] = i;
      rows.add(new TokenRow(ids, ids, new int[] {ids.length}));
    }
    Path folder = temp.resolve("long");
    write(folder, List.of(rows), IDS);
    try (ShardSet set = ShardSet.open(List.of(folder), ShardOptions.of(50))) {
      assertThat(set.row(4).inputIds()[0]).isEqualTo(4);
    }
  }

  @Test
  void leavesAnUnfinishedFileUnreadable() throws IOException {
    Path folder = temp.resolve("cut");
    write(folder, List.of(randomRows(3)), IDS);
    Path file = folder.resolve("data-00000-of-00001.arrow");
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 8));
    Files.delete(folder.resolve(ShardManifest.PATH));
    Assertions.assertThatThrownBy(
            () -> ShardSet.open(List.of(folder), ShardOptions.of(50).withForeign()))
        .isInstanceOf(InvalidShardException.class)
        .hasMessageContaining("it is truncated");
  }

  private static ShardManifest write(Path folder, List<List<TokenRow>> shards, ShardColumns columns)
      throws IOException {
    LocalFileStore store = new LocalFileStore();
    List<ShardManifest.Shard> written = new ArrayList<>();
    for (int i = 0; i < shards.size(); i++) {
      String name = ShardFolderWriter.shardName(i, shards.size());
      List<TokenRow> rows = shards.get(i);
      store.write(
          folder.resolve(name).toString(),
          out -> {
            ShardWriter writer = new ShardWriter(out, columns);
            for (TokenRow row : rows) {
              writer.write(row);
            }
            written.add(writer.finish(name));
          });
    }
    ShardManifest manifest =
        ShardManifest.of(
            "test",
            columns.names(),
            written,
            new ShardManifest.Origin("t", "", Map.of(), List.of()));
    new ShardFolderWriter(store).publish(folder.toString(), manifest);
    return manifest;
  }

  private static List<TokenRow> randomRows(int count) {
    Random random = new Random(7);
    List<TokenRow> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int length = 1 + random.nextInt(20);
      int[] ids = random.ints(length, 0, 50).toArray();
      int[] labels = ids.clone();
      labels[0] = TokenRow.IGNORE_INDEX;
      int[] lengths = length < 4 ? new int[] {length} : new int[] {3, length - 3};
      rows.add(new TokenRow(ids, labels, lengths));
    }
    return rows;
  }
}
