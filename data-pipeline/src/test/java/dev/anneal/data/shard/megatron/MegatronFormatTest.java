package dev.anneal.data.shard.megatron;

import static dev.anneal.data.shard.MemoryFiles.littleEndian;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.shard.DocumentSink;
import dev.anneal.data.shard.IdWidth;
import dev.anneal.data.shard.MemoryFiles;
import dev.anneal.data.shard.ShardPlace;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class MegatronFormatTest {
  private static final String STEM = "megatron/data-00001-of-00004";

  private final MemoryFiles files = new MemoryFiles();

  private DocumentSink open(IdWidth width) throws IOException {
    return new MegatronFormat(width).open(new ShardPlace(1, 4, files));
  }

  private static void write(DocumentSink sink, int... ids) throws IOException {
    sink.write(ids, ids, ids.length);
  }

  @Test
  void writesASequenceADocument() throws IOException {
    DocumentSink sink = open(IdWidth.UINT16);
    write(sink, 10, 11);
    write(sink, 65_535);
    sink.endDocument();
    write(sink, 7);
    sink.endDocument();
    List<ShardManifest.Shard> written = sink.finish();
    assertThat(files.bytes(STEM + ".bin"))
        .isEqualTo(littleEndian((short) 10, (short) 11, (short) -1, (short) 7));
    assertThat(files.bytes(STEM + ".idx"))
        .isEqualTo(littleEndian("MMIDIDX\0\0", 1L, (byte) 8, 2L, 3L, 3, 1, 0L, 6L, 0L, 1L, 2L));
    files.require(written);
    assertThat(written.get(0).counts()).isEqualTo(new ShardManifest.Counts(2, 4, 2));
    assertThat(written.get(1).counts()).isEqualTo(ShardManifest.Counts.ZERO);
  }

  @Test
  void takesFourBytesForLargeVocabularies() throws IOException {
    DocumentSink sink = open(IdWidth.INT32);
    write(sink, 151_643);
    sink.endDocument();
    sink.finish();
    assertThat(files.bytes(STEM + ".bin")).isEqualTo(littleEndian(151_643));
    assertThat(files.bytes(STEM + ".idx"))
        .isEqualTo(littleEndian("MMIDIDX\0\0", 1L, (byte) 4, 1L, 2L, 1, 0L, 0L, 1L));
  }

  @Test
  void leavesNoFilesForAShardWithoutDocuments() throws IOException {
    assertThat(open(IdWidth.INT32).finish()).isEmpty();
    assertThat(files.names()).isEmpty();
  }

  @Test
  void refusesAnEmptyAndAnOpenDocument() throws IOException {
    DocumentSink sink = open(IdWidth.INT32);
    assertThatThrownBy(sink::endDocument)
        .hasMessage("Invalid document: 0 tokens (must be in [1, 2147483647])");
    write(sink, 1, 2);
    assertThatThrownBy(sink::finish).hasMessage("Invalid document: 2 tokens without an end");
  }
}
