package dev.anneal.data.shard.megatron;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.shard.DocumentLengths;
import dev.anneal.data.shard.DocumentSink;
import dev.anneal.data.shard.IdWidth;
import dev.anneal.data.shard.LittleEndianFile;
import dev.anneal.data.shard.ShardFileCreator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Writes a {@code .bin} of raw ids and an {@code .idx} of
 *
 * <pre>
 * "MMIDIDX" 00 00 | int64 version = 1 | int8 type of an id: 4 int32, 8 uint16
 * int64 sequences n | int64 n + 1
 * int32 tokens of each sequence [n]
 * int64 first byte of each sequence in the .bin [n]
 * int64 first sequence of each document, and n [n + 1]
 * </pre>
 *
 * <p>Holds 4 bytes a document. A shard without documents has no files: readers cannot map an empty
 * one. Confined to one thread.
 */
final class MegatronSink implements DocumentSink {
  private static final byte[] MAGIC = "MMIDIDX\0\0".getBytes(StandardCharsets.US_ASCII);
  private static final int INT32_CODE = 4;
  private static final int UINT16_CODE = 8;

  private final ShardFileCreator files;
  private final String stem;
  private final IdWidth width;
  private final DocumentLengths documents = new DocumentLengths();
  private Optional<LittleEndianFile> bin = Optional.empty();

  MegatronSink(ShardFileCreator files, String stem, IdWidth width) {
    this.files = files;
    this.stem = stem;
    this.width = width;
  }

  @Override
  public void write(int[] ids, int[] labels, int count) throws IOException {
    if (bin.isEmpty()) {
      bin = Optional.of(LittleEndianFile.create(files, stem + ".bin"));
    }
    bin.get().ids(ids, count, width);
    documents.add(count);
  }

  @Override
  public void endDocument() {
    documents.end();
  }

  @Override
  public List<ShardManifest.Shard> finish() throws IOException {
    documents.requireEnded();
    if (bin.isEmpty()) {
      return List.of();
    }
    LittleEndianFile idx = LittleEndianFile.create(files, stem + ".idx");
    writeIndex(idx);
    long tokens = documents.tokens();
    ShardManifest.Counts counts =
        new ShardManifest.Counts(documents.count(), tokens, tokens - documents.count());
    return List.of(bin.get().finish(counts), idx.finish(ShardManifest.Counts.ZERO));
  }

  private void writeIndex(LittleEndianFile idx) throws IOException {
    int count = documents.count();
    idx.bytes(MAGIC);
    idx.int64(1);
    idx.int8(width == IdWidth.UINT16 ? UINT16_CODE : INT32_CODE);
    idx.int64(count);
    idx.int64(count + 1L);
    for (int i = 0; i < count; i++) {
      idx.int32(documents.length(i));
    }
    long start = 0;
    for (int i = 0; i < count; i++) {
      idx.int64(start);
      start += (long) documents.length(i) * width.bytes();
    }
    for (int i = 0; i <= count; i++) {
      idx.int64(i);
    }
  }
}
