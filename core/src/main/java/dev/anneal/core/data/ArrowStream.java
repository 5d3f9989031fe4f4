package dev.anneal.core.data;

import dev.anneal.core.io.FileRanges;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.flatbuf.Schema;

/**
 * Walks the messages of an Arrow IPC stream once and notes where each record batch lies; bodies are
 * not read. Confined to one thread; the file belongs to the caller.
 *
 * <p>Message: {@code FFFFFFFF}, metadata length (int32), metadata (a flatbuffer, padded to 8),
 * body. A length of 0 ends the stream. Streams written before Arrow 0.15 have no {@code FFFFFFFF}.
 */
final class ArrowStream {
  private static final int CONTINUATION = -1;
  private static final int MAX_METADATA_BYTES = 256 << 20;
  private static final byte[] FILE_MAGIC = "ARROW1".getBytes(StandardCharsets.US_ASCII);

  private final FileRanges file;
  private final long size;
  private final List<RecordBatchIndex> batches = new ArrayList<>();
  private ArrowSchema schema;
  private long position;

  private ArrowStream(FileRanges file) {
    this.file = file;
    this.size = file.size();
  }

  /** What a stream holds: its columns and where its record batches lie, in order. */
  record Index(ArrowSchema schema, List<RecordBatchIndex> batches) {}

  /** An {@link IllegalArgumentException} says why the bytes are no Arrow stream we can read. */
  static Index index(FileRanges file) throws IOException {
    ArrowStream stream = new ArrowStream(file);
    stream.refuseFileFormat();
    boolean more = true;
    while (more) {
      more = stream.nextMessage();
    }
    if (stream.schema == null) {
      throw new IllegalArgumentException("it has no schema");
    }
    return new Index(stream.schema, List.copyOf(stream.batches));
  }

  private void refuseFileFormat() throws IOException {
    if (size == 0) {
      throw new IllegalArgumentException("it is empty");
    }
    byte[] start = read(0, (int) Math.min(size, FILE_MAGIC.length)).array();
    if (Arrays.equals(start, FILE_MAGIC)) {
      throw new IllegalArgumentException(
          "it is in the Arrow file format (must be the stream format that save_to_disk writes)");
    }
  }

  private boolean nextMessage() throws IOException {
    int length = read(position, 4).getInt(0);
    position += 4;
    if (length == CONTINUATION) {
      length = read(position, 4).getInt(0);
      position += 4;
    }
    if (length == 0) {
      return false;
    }
    if (length < 0 || length > MAX_METADATA_BYTES) {
      throw new IllegalArgumentException("it is no Arrow stream (message length " + length + ")");
    }
    Message message = Message.getRootAsMessage(read(position, length));
    position += length;
    long bodyLength = message.bodyLength();
    if (bodyLength < 0 || bodyLength > size - position) {
      throw truncated("a body of " + bodyLength + " bytes");
    }
    accept(message, bodyLength);
    position += bodyLength;
    return true;
  }

  private void accept(Message message, long bodyLength) {
    switch (message.headerType()) {
      case MessageHeader.Schema -> schema = ArrowSchema.of((Schema) message.header(new Schema()));
      case MessageHeader.RecordBatch ->
          batches.add(batch((RecordBatch) message.header(new RecordBatch()), bodyLength));
      case MessageHeader.DictionaryBatch -> {} // of columns that are not ours
      default ->
          throw new IllegalArgumentException(
              "it has a message of the unknown kind " + message.headerType());
    }
  }

  private RecordBatchIndex batch(RecordBatch batch, long bodyLength) {
    if (schema == null) {
      throw new IllegalArgumentException("a record batch comes before the schema");
    }
    if (batch.compression() != null) {
      throw new IllegalArgumentException(
          "its buffers are compressed (write the data set without compression)");
    }
    if (bodyLength > Integer.MAX_VALUE || batch.length() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a record batch has " + bodyLength + " bytes (must be < 2 GiB)");
    }
    if (batch.nodesLength() != schema.nodes() || batch.buffersLength() != schema.buffers()) {
      throw new IllegalArgumentException("a record batch does not fit the schema");
    }
    long[] lengths = new long[schema.nodes()];
    long[] nulls = new long[schema.nodes()];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = batch.nodes(i).length();
      nulls[i] = batch.nodes(i).nullCount();
    }
    long[] starts = new long[schema.buffers()];
    long[] sizes = new long[schema.buffers()];
    for (int i = 0; i < starts.length; i++) {
      starts[i] = batch.buffers(i).offset();
      sizes[i] = batch.buffers(i).length();
      if (starts[i] < 0 || sizes[i] < 0 || starts[i] > bodyLength - sizes[i]) {
        throw new IllegalArgumentException("a buffer lies outside its record batch");
      }
    }
    int rows = (int) batch.length();
    return new RecordBatchIndex(position, (int) bodyLength, rows, lengths, nulls, starts, sizes);
  }

  private ByteBuffer read(long from, int length) throws IOException {
    if (length > size - from) {
      throw truncated(length + " bytes");
    }
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    file.read(from, bytes);
    return bytes.flip();
  }

  private IllegalArgumentException truncated(String wanted) {
    return new IllegalArgumentException(
        "it is truncated (" + size + " bytes; " + wanted + " expected at byte " + position + ")");
  }
}
