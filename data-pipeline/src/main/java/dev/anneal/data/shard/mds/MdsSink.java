package dev.anneal.data.shard.mds;

import dev.anneal.core.data.ShardColumns;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.TokenRow;
import dev.anneal.data.shard.LittleEndianFile;
import dev.anneal.data.shard.RowSink;
import dev.anneal.data.shard.ShardFileCreator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes files with the bytes of MosaicML's {@code MDSWriter}:
 *
 * <pre>
 * file     uint32 rows n | uint32 first byte of each row, and the end [n + 1] | settings as JSON | rows
 * row      uint32 bytes of each column, then the columns in the order of their names
 * column   int8 1 dimension &lt;&lt; 2 | width of the length | length in 1, 2 or 4 bytes | items
 * </pre>
 *
 * <p>A file ends before the row that would take it over the limit. Holds one file in memory, as its
 * offsets come first. Confined to one thread.
 */
final class MdsSink implements RowSink {
  private final ShardFileCreator files;
  private final int shard;
  private final long limitBytes;
  private final List<String> columns;
  private final byte[] settings;
  private final List<ShardManifest.Shard> written = new ArrayList<>();
  private final List<byte[]> rows = new ArrayList<>();
  private ShardManifest.Counts counts = ShardManifest.Counts.ZERO;
  private long fileBytes;

  MdsSink(ShardFileCreator files, int shard, MdsFormat format) {
    this.files = files;
    this.shard = shard;
    this.limitBytes = format.limitBytes();
    MdsSettings described = new MdsSettings(format.columns(), limitBytes);
    this.columns = described.names();
    this.settings = described.json().getBytes(StandardCharsets.UTF_8);
    this.fileBytes = bytesWithoutRows();
  }

  private long bytesWithoutRows() {
    return 2L * Integer.BYTES + settings.length;
  }

  @Override
  public void write(TokenRow row) throws IOException {
    byte[] bytes = encode(row);
    long added = (long) Integer.BYTES + bytes.length;
    if (!rows.isEmpty() && fileBytes + added > limitBytes) {
      endFile();
    }
    rows.add(bytes);
    fileBytes += added;
    counts = counts.plus(ShardManifest.Counts.of(row));
  }

  private byte[] encode(TokenRow row) {
    List<byte[]> values = new ArrayList<>();
    for (String name : columns) {
      values.add(
          switch (name) {
            case ShardColumns.INPUT_IDS -> array(row.inputIds());
            case ShardColumns.LABELS -> array(row.labels());
            case ShardColumns.SEQUENCE_LENGTHS -> array(row.sequenceLengths());
            case ShardColumns.ATTENTION_MASK -> ones(row.inputIds().length);
            default -> throw new IllegalStateException("Unsupported column: " + name);
          });
    }
    int bytes = values.stream().mapToInt(value -> Integer.BYTES + value.length).sum();
    ByteBuffer out = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    values.forEach(value -> out.putInt(value.length));
    values.forEach(out::put);
    return out.array();
  }

  private static byte[] array(int[] items) {
    ByteBuffer out = withLength(items.length, Integer.BYTES);
    for (int item : items) {
      out.putInt(item);
    }
    return out.array();
  }

  private static byte[] ones(int length) {
    ByteBuffer out = withLength(length, 1);
    Arrays.fill(out.array(), out.position(), out.limit(), (byte) 1);
    return out.array();
  }

  /** Room for items after their number; MDS knows no empty array. */
  private static ByteBuffer withLength(int length, int itemBytes) {
    if (length == 0) {
      throw new IllegalArgumentException("Invalid row: 0 tokens (mds: must be > 0)");
    }
    int width = length < 1 << 8 ? 0 : length < 1 << 16 ? 1 : 2;
    ByteBuffer out =
        ByteBuffer.allocate(1 + (1 << width) + length * itemBytes).order(ByteOrder.LITTLE_ENDIAN);
    out.put((byte) (1 << 2 | width));
    switch (width) {
      case 0 -> out.put((byte) length);
      case 1 -> out.putShort((short) length);
      default -> out.putInt(length);
    }
    return out;
  }

  @Override
  public List<ShardManifest.Shard> finish() throws IOException {
    if (!rows.isEmpty()) {
      endFile();
    }
    return List.copyOf(written);
  }

  private void endFile() throws IOException {
    String name = "%s/shard.%05d.%05d.mds".formatted(MdsFormat.NAME, shard, written.size());
    LittleEndianFile file = LittleEndianFile.create(files, name);
    file.int32(rows.size());
    long offset = bytesWithoutRows() + (long) Integer.BYTES * rows.size();
    file.int32((int) offset);
    for (byte[] row : rows) {
      offset += row.length;
      file.int32((int) offset);
    }
    file.bytes(settings);
    for (byte[] row : rows) {
      file.bytes(row);
    }
    written.add(file.finish(counts));
    rows.clear();
    counts = ShardManifest.Counts.ZERO;
    fileBytes = bytesWithoutRows();
  }
}
