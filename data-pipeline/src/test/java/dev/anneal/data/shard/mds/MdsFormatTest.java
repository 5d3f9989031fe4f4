package dev.anneal.data.shard.mds;

import static dev.anneal.data.shard.MemoryFiles.littleEndian;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.data.ShardColumns;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.TokenRow;
import dev.anneal.data.shard.MemoryFiles;
import dev.anneal.data.shard.RowSink;
import dev.anneal.data.shard.ShardPlace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class MdsFormatTest {
  private static final ShardColumns IDS = new ShardColumns(false, false, false);
  private static final String FIRST = "mds/shard.00003.00000.mds";

  private final MemoryFiles files = new MemoryFiles();

  private List<ShardManifest.Shard> write(MdsFormat format, TokenRow... rows) throws IOException {
    RowSink sink = format.open(new ShardPlace(3, 5, files));
    for (TokenRow row : rows) {
      sink.write(row);
    }
    return sink.finish();
  }

  private static TokenRow row(int length) {
    int[] ids = new int[length];
    return new TokenRow(ids, ids, new int[] {length});
  }

  @Test
  void writesOffsetsThenSettingsThenRows() throws IOException {
    TokenRow row = new TokenRow(new int[] {5, 70_000}, new int[] {-100, 7}, new int[] {2});
    MdsFormat format = new MdsFormat(new ShardColumns(true, true, true), 1 << 20);
    List<ShardManifest.Shard> written = write(format, row, row);
    String settings =
        "{\"column_encodings\": [\"ndarray:int8\", \"ndarray:int32\", \"ndarray:int32\","
            + " \"ndarray:int32\"], \"column_names\": [\"attention_mask\", \"input_ids\","
            + " \"labels\", \"seq_lengths\"], \"column_sizes\": [null, null, null, null],"
            + " \"compression\": null, \"format\": \"mds\", \"hashes\": [\"sha256\"],"
            + " \"size_limit\": 1048576, \"version\": 2}";
    int begin = 4 + 3 * 4 + settings.length();
    byte[] sample =
        littleEndian(
            4, 10, 10, 6, // bytes of each column
            (byte) 4, (byte) 2, (byte) 1, (byte) 1, (byte) 4, (byte) 2, 5, 70_000, (byte) 4,
            (byte) 2, -100, 7, (byte) 4, (byte) 1, 2);
    byte[] head =
        littleEndian(2, begin, begin + sample.length, begin + 2 * sample.length, settings);
    assertThat(files.bytes(FIRST))
        .startsWith(head)
        .endsWith(sample)
        .hasSize(head.length + 2 * sample.length);
    files.require(written);
    assertThat(written.get(0).counts()).isEqualTo(new ShardManifest.Counts(2, 4, 2));
  }

  @Test
  void widensTheLengthOfLongRows() throws IOException {
    write(new MdsFormat(IDS, 1 << 20), row(255), row(256), row(65_536));
    ByteBuffer file = ByteBuffer.wrap(files.bytes(FIRST)).order(ByteOrder.LITTLE_ENDIAN);
    int first = file.getInt(4) + 4;
    int second = file.getInt(8) + 4;
    int third = file.getInt(12) + 4;
    assertThat(file.get(first)).isEqualTo((byte) 4);
    assertThat(file.get(first + 1)).isEqualTo((byte) 255);
    assertThat(file.get(second)).isEqualTo((byte) 5);
    assertThat(file.getShort(second + 1)).isEqualTo((short) 256);
    assertThat(file.get(third)).isEqualTo((byte) 6);
    assertThat(file.getInt(third + 1)).isEqualTo(65_536);
  }

  @Test
  void endsAFileBeforeTheRowThatWouldPassTheLimit() throws IOException {
    MdsFormat format = new MdsFormat(IDS, 1000);
    // 233 bytes of settings and counts leave room for three rows of 214 bytes with their offsets.
    List<ShardManifest.Shard> written =
        write(format, row(50), row(50), row(50), row(50), row(600), row(1));
    assertThat(written.stream().map(ShardManifest.Shard::file))
        .containsExactly(
            FIRST,
            "mds/shard.00003.00001.mds",
            "mds/shard.00003.00002.mds",
            "mds/shard.00003.00003.mds");
    assertThat(written.stream().map(shard -> shard.counts().rows()))
        .containsExactly(3L, 1L, 1L, 1L);
    assertThat(written.get(0).bytes()).isLessThanOrEqualTo(1000).isGreaterThan(1000 - 214);
    files.require(written);
  }

  @Test
  void indexesTheShardsOfTheFolder() throws IOException {
    MdsFormat format = new MdsFormat(IDS, 1L << 40);
    assertThat(format.limitBytes()).isEqualTo(1 << 26);
    List<ShardManifest.Shard> written = write(format, row(3));
    List<ShardManifest.Shard> all = format.complete(files, written);
    assertThat(all).hasSize(2).startsWith(written.get(0));
    assertThat(new String(files.bytes("mds/index.json"), StandardCharsets.UTF_8))
        .isEqualTo(
            "{\"shards\": [{\"column_encodings\": [\"ndarray:int32\"], \"column_names\":"
                + " [\"input_ids\"], \"column_sizes\": [null], \"compression\": null, \"format\":"
                + " \"mds\", \"hashes\": [\"sha256\"], \"raw_data\": {\"basename\":"
                + " \"shard.00003.00000.mds\", \"bytes\": "
                + written.get(0).bytes()
                + ", \"hashes\": {\"sha256\": \""
                + written.get(0).sha256()
                + "\"}}, \"samples\": 1, \"size_limit\": 67108864, \"version\": 2, \"zip_data\":"
                + " null}], \"version\": 2}");
    files.require(all);
  }

  @Test
  void refusesWhatTheFormatCannotHold() throws IOException {
    assertThatThrownBy(
            () -> write(new MdsFormat(IDS, 1000), new TokenRow(new int[0], new int[0], new int[0])))
        .hasMessage("Invalid row: 0 tokens (mds: must be > 0)");
    assertThatThrownBy(() -> new MdsFormat(IDS, 0))
        .hasMessage("Invalid size limit: 0 (must be > 0)");
    assertThat(write(new MdsFormat(IDS, 1000))).isEmpty();
  }
}
