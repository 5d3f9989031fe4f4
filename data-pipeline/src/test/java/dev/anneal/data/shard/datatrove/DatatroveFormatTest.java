package dev.anneal.data.shard.datatrove;

import static dev.anneal.data.shard.MemoryFiles.littleEndian;
import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.shard.DocumentSink;
import dev.anneal.data.shard.IdWidth;
import dev.anneal.data.shard.MemoryFiles;
import dev.anneal.data.shard.ShardPlace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatatroveFormatTest {
  private static final String DS = "datatrove/data-00000-of-00001.ds";

  private final MemoryFiles files = new MemoryFiles();

  private DocumentSink open(DatatroveFormat format) throws IOException {
    return format.open(new ShardPlace(0, 1, files));
  }

  @Test
  void writesDocumentsWithTheirEnds() throws IOException {
    DocumentSink sink = open(new DatatroveFormat(IdWidth.UINT16, false, "通义|1\n"));
    sink.write(new int[] {1, 2, 9}, new int[] {1, 2, 9}, 2);
    sink.write(new int[] {3}, new int[] {3}, 1);
    sink.endDocument();
    sink.write(new int[] {40_000}, new int[] {40_000}, 1);
    sink.endDocument();
    List<ShardManifest.Shard> written = sink.finish();
    assertThat(files.bytes(DS))
        .isEqualTo(littleEndian((short) 1, (short) 2, (short) 3, (short) 40_000));
    assertThat(files.bytes(DS + ".index")).isEqualTo(littleEndian(3L, 4L));
    assertThat(new String(files.bytes(DS + ".metadata"), StandardCharsets.UTF_8))
        .isEqualTo("通义_1_|2\n4\n4.00 T");
    files.require(written);
    assertThat(files.names()).doesNotContain(DS + ".loss");
    assertThat(written.get(0).counts()).isEqualTo(new ShardManifest.Counts(2, 4, 2));
  }

  @Test
  void marksTargets() throws IOException {
    DocumentSink sink = open(new DatatroveFormat(IdWidth.INT32, true, "t"));
    sink.write(new int[] {1, 2, 3}, new int[] {-100, 2, 3}, 3);
    sink.endDocument();
    sink.write(new int[] {4, 5}, new int[] {4, -100}, 2);
    sink.endDocument();
    List<ShardManifest.Shard> written = sink.finish();
    assertThat(files.bytes(DS)).isEqualTo(littleEndian(1, 2, 3, 4, 5));
    assertThat(files.bytes(DS + ".loss")).containsExactly(0, 1, 1, 1, 0);
    files.require(written);
    assertThat(written.get(0).counts()).isEqualTo(new ShardManifest.Counts(2, 5, 2));
  }

  @Test
  void writesLongMasksInPieces() throws IOException {
    int[] ids = new int[9_000];
    int[] labels = new int[9_000];
    labels[8_999] = -100;
    DocumentSink sink = open(new DatatroveFormat(IdWidth.INT32, true, "t"));
    sink.write(ids, labels, 9_000);
    sink.endDocument();
    sink.finish();
    assertThat(files.bytes(DS + ".loss")).hasSize(9_000).startsWith(1).endsWith(1, 0);
  }

  @Test
  void leavesNoFilesForAShardWithoutDocuments() throws IOException {
    assertThat(open(new DatatroveFormat(IdWidth.INT32, true, "t")).finish()).isEmpty();
    assertThat(files.names()).isEmpty();
  }

  /** Expected by humanize's {@code metric(count, unit="T")}, which datatrove calls. */
  @ParameterizedTest
  @CsvSource({
    "0, 0.00 T",
    "1, 1.00 T",
    "12, 12.0 T",
    "999, 999 T",
    "1000, 1.00 kT",
    "1234, 1.23 kT",
    "12345, 12.3 kT",
    "123456, 123 kT",
    "999499, 999 kT",
    "999999, 1.00 MT",
    "1234567, 1.23 MT",
    "9999999, 10.0 MT",
    "1234567890, 1.23 GT",
    "999999999999, 1.00 TT",
    "5000000000000, 5.00 TT"
  })
  void countsTokensForPeople(long tokens, String expected) {
    assertThat(new TokenCount(tokens).text()).isEqualTo(expected);
  }
}
