package dev.anneal.data.shard;

import dev.anneal.core.data.ShardColumns;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.TokenRow;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes rows as one Arrow IPC stream. Record batches are cut by rows and tokens alone, so the same
 * rows give the same bytes. {@link #finish} ends the stream; without it the file is incomplete and
 * readers refuse it. The stream belongs to the caller. Confined to one thread.
 */
public final class ShardWriter {
  private static final int BATCH_ROWS = 1000;
  private static final int BATCH_TOKENS = 1 << 22;
  private static final byte[] PADDING = new byte[8];

  private final DigestingStream out;
  private final ShardColumns columns;
  private final IntColumn inputIds = new IntColumn(ShardColumns.INPUT_IDS, 4);
  private final IntColumn labels = new IntColumn(ShardColumns.LABELS, 4);
  private final IntColumn sequenceLengths = new IntColumn(ShardColumns.SEQUENCE_LENGTHS, 4);
  private final IntColumn attentionMask = new IntColumn(ShardColumns.ATTENTION_MASK, 1);
  private final List<IntColumn> written = new ArrayList<>();
  private int batchRows;
  private ShardManifest.Counts counts = ShardManifest.Counts.ZERO;

  public ShardWriter(OutputStream out, ShardColumns columns) throws IOException {
    this.out = new DigestingStream(out);
    this.columns = columns;
    written.add(inputIds);
    if (columns.labels()) {
      written.add(labels);
    }
    if (columns.sequenceLengths()) {
      written.add(sequenceLengths);
    }
    if (columns.attentionMask()) {
      written.add(attentionMask);
    }
    writeMetadata(ArrowMessages.schema(written));
  }

  public void write(TokenRow row) throws IOException {
    int length = row.inputIds().length;
    if (batchRows == BATCH_ROWS
        || (batchRows > 0 && (long) inputIds.count() + length > BATCH_TOKENS)) {
      flushBatch();
    }
    inputIds.add(row.inputIds());
    if (columns.labels()) {
      labels.add(row.labels());
    }
    if (columns.sequenceLengths()) {
      sequenceLengths.add(row.sequenceLengths());
    }
    if (columns.attentionMask()) {
      attentionMask.addRepeated(1, length);
    }
    batchRows++;
    counts = counts.plus(ShardManifest.Counts.of(row));
  }

  /** Writes what is left and the end of the stream, and says what the file holds. */
  public ShardManifest.Shard finish(String file) throws IOException {
    if (batchRows > 0) {
      flushBatch();
    }
    writeInt(-1);
    writeInt(0);
    out.flush();
    return new ShardManifest.Shard(file, counts, out.bytes(), out.sha256());
  }

  private void flushBatch() throws IOException {
    long bodyBytes = 0;
    for (IntColumn column : written) {
      bodyBytes += ArrowMessages.padded(column.offsetBytes());
      bodyBytes += ArrowMessages.padded(column.dataBytes());
    }
    writeMetadata(ArrowMessages.recordBatch(written, batchRows, bodyBytes));
    for (IntColumn column : written) {
      column.writeOffsets(out);
      pad(column.offsetBytes());
      column.writeData(out);
      pad(column.dataBytes());
      column.clear();
    }
    batchRows = 0;
  }

  private void writeMetadata(ByteBuffer metadata) throws IOException {
    int length = metadata.remaining();
    writeInt(-1);
    writeInt((int) ArrowMessages.padded(length));
    byte[] bytes = new byte[length];
    metadata.get(bytes);
    out.write(bytes);
    pad(length);
  }

  private void pad(long written) throws IOException {
    out.write(PADDING, 0, (int) (ArrowMessages.padded(written) - written));
  }

  private void writeInt(int value) throws IOException {
    out.write(
        new byte[] {(byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)});
  }
}
