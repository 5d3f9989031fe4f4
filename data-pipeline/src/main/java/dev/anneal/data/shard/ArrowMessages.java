package dev.anneal.data.shard;

import com.google.flatbuffers.FlatBufferBuilder;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.Endianness;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.Int;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.flatbuf.Schema;
import org.apache.arrow.flatbuf.Type;

/**
 * The metadata of the two messages a shard consists of, as flatbuffers: a schema of nullable {@code
 * list<item: int>} columns without metadata, and a record batch whose four buffers a column are
 * validity (empty: no nulls), offsets, item validity (empty), items. Stateless.
 */
final class ArrowMessages {
  private static final int ALIGNMENT = 8;

  private ArrowMessages() {}

  static ByteBuffer schema(List<IntColumn> columns) {
    FlatBufferBuilder builder = new FlatBufferBuilder(512);
    int[] fields = columns.stream().mapToInt(column -> field(builder, column)).toArray();
    int vector = Schema.createFieldsVector(builder, fields);
    Schema.startSchema(builder);
    Schema.addEndianness(builder, Endianness.Little);
    Schema.addFields(builder, vector);
    return message(builder, MessageHeader.Schema, Schema.endSchema(builder), 0);
  }

  private static int field(FlatBufferBuilder builder, IntColumn column) {
    int item =
        Field.createField(
            builder,
            builder.createString("item"),
            true,
            Type.Int,
            Int.createInt(builder, 8 * column.valueBytes(), true),
            0,
            Field.createChildrenVector(builder, new int[0]),
            0);
    org.apache.arrow.flatbuf.List.startList(builder);
    int list = org.apache.arrow.flatbuf.List.endList(builder);
    int name = builder.createString(column.name());
    int children = Field.createChildrenVector(builder, new int[] {item});
    return Field.createField(builder, name, true, Type.List, list, 0, children, 0);
  }

  static ByteBuffer recordBatch(List<IntColumn> columns, int rows, long bodyBytes) {
    FlatBufferBuilder builder = new FlatBufferBuilder(512);
    RecordBatch.startNodesVector(builder, 2 * columns.size());
    for (int i = columns.size() - 1; i >= 0; i--) { // flatbuffers are written from the end
      FieldNode.createFieldNode(builder, columns.get(i).count(), 0);
      FieldNode.createFieldNode(builder, rows, 0);
    }
    int nodes = builder.endVector();
    RecordBatch.startBuffersVector(builder, 4 * columns.size());
    long end = bodyBytes;
    for (int i = columns.size() - 1; i >= 0; i--) {
      IntColumn column = columns.get(i);
      long data = end - padded(column.dataBytes());
      long offsets = data - padded(column.offsetBytes());
      Buffer.createBuffer(builder, data, column.dataBytes());
      Buffer.createBuffer(builder, data, 0);
      Buffer.createBuffer(builder, offsets, column.offsetBytes());
      Buffer.createBuffer(builder, offsets, 0);
      end = offsets;
    }
    int buffers = builder.endVector();
    int batch = RecordBatch.createRecordBatch(builder, rows, nodes, buffers, 0);
    return message(builder, MessageHeader.RecordBatch, batch, bodyBytes);
  }

  private static ByteBuffer message(
      FlatBufferBuilder builder, byte headerType, int header, long bodyBytes) {
    int message =
        Message.createMessage(builder, MetadataVersion.V5, headerType, header, bodyBytes, 0);
    Message.finishMessageBuffer(builder, message);
    return builder.dataBuffer();
  }

  /** Bytes that a buffer takes in the body of a message. */
  static long padded(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
