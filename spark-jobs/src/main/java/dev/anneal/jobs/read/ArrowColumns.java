package dev.anneal.jobs.read;

import com.google.flatbuffers.Table;
import dev.anneal.core.format.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.ipc.ReadChannel;
import org.apache.arrow.vector.ipc.message.ArrowDictionaryBatch;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.ipc.message.MessageChannelReader;
import org.apache.arrow.vector.ipc.message.MessageResult;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * An Arrow stream of which only some columns are read: the parts of others are passed over, so that
 * their types need not be known. Confined to one thread. Owns the record batch being read.
 */
final class ArrowColumns extends ArrowStreamReader {
  private static final int VARIADIC_COUNTS = 12; // place in the table of a record batch

  private final Messages messages;
  private final RowColumns columns;
  private final List<org.apache.arrow.flatbuf.Field> all = new ArrayList<>();
  private final List<Boolean> taken = new ArrayList<>();

  private ArrowColumns(Messages messages, BufferAllocator allocator, RowColumns columns) {
    super(messages, allocator, new ArrowCompression());
    this.messages = messages;
    this.columns = columns;
  }

  static ArrowColumns of(InputStream in, BufferAllocator allocator, RowColumns columns) {
    ReadChannel channel = new ReadChannel(Channels.newChannel(in));
    return new ArrowColumns(new Messages(channel, allocator), allocator, columns);
  }

  /** Keeps the message that was read last. */
  private static final class Messages extends MessageChannelReader {
    private Message last = new Message();

    Messages(ReadChannel in, BufferAllocator allocator) {
      super(in, allocator);
    }

    @Override
    public MessageResult readNext() throws IOException {
      MessageResult result = super.readNext();
      last = result == null ? last : result.getMessage();
      return result;
    }
  }

  /** A record batch, for the one field of it that the library does not know. */
  private static final class BatchTable extends Table {
    long variadicCount(int index) {
      int field = __offset(VARIADIC_COUNTS);
      return field == 0 || index >= __vector_len(field)
          ? 0
          : bb.getLong(__vector(field) + index * Long.BYTES);
    }
  }

  @Override
  protected Schema readSchema() throws IOException {
    if (messages.readNext() == null || messages.last.headerType() != MessageHeader.Schema) {
      throw new FormatException("an Arrow stream without a schema");
    }
    org.apache.arrow.flatbuf.Schema schema = new org.apache.arrow.flatbuf.Schema();
    messages.last.header(schema);
    List<String> names = new ArrayList<>();
    List<String> unreadable = new ArrayList<>();
    for (int i = 0; i < schema.fieldsLength(); i++) {
      all.add(schema.fields(i));
      names.add(schema.fields(i).name());
      if (ArrowTypes.unreadable(schema.fields(i)).isPresent()) {
        unreadable.add(schema.fields(i).name());
      }
    }
    List<String> read = columns.of(names, name -> !unreadable.contains(name));
    List<Field> fields = new ArrayList<>();
    for (org.apache.arrow.flatbuf.Field field : all) {
      taken.add(read.contains(field.name()));
      if (read.contains(field.name())) {
        requireReadable(field);
        fields.add(Field.convertField(field));
      }
    }
    return new Schema(fields);
  }

  private static void requireReadable(org.apache.arrow.flatbuf.Field field) throws IOException {
    String type = ArrowTypes.unreadable(field).orElse("");
    if (!type.isEmpty()) {
      throw new FormatException(
          "column '" + field.name() + "' is of type " + type + " (which cannot be read)");
    }
  }

  @Override
  protected void loadRecordBatch(ArrowRecordBatch batch) {
    BatchTable table = new BatchTable();
    messages.last.header(table);
    Parts parts = new Parts(table);
    List<ArrowFieldNode> nodes = new ArrayList<>();
    List<ArrowBuf> buffers = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      int node = parts.nodes;
      int buffer = parts.buffers;
      parts.pass(all.get(i));
      if (taken.get(i)) {
        nodes.addAll(batch.getNodes().subList(node, parts.nodes));
        buffers.addAll(batch.getBuffers().subList(buffer, parts.buffers));
      }
    }
    try (batch) {
      super.loadRecordBatch(
          new ArrowRecordBatch(batch.getLength(), nodes, buffers, batch.getBodyCompression()));
    }
  }

  /** Counts the parts of columns as they lie one after another in a batch. */
  private static final class Parts {
    private final BatchTable batch;
    private int nodes;
    private int buffers;
    private int views;

    Parts(BatchTable batch) {
      this.batch = batch;
    }

    void pass(org.apache.arrow.flatbuf.Field field) {
      nodes++;
      buffers += ArrowTypes.buffers(field);
      if (ArrowTypes.isView(field)) {
        buffers += (int) batch.variadicCount(views++);
      }
      for (int i = 0; i < ArrowTypes.children(field); i++) {
        pass(field.children(i));
      }
    }
  }

  /**
   * Those of columns that are passed over are, too. The library itself would not decompress them.
   */
  @Override
  protected void loadDictionary(ArrowDictionaryBatch batch) {
    try (batch) {
      Dictionary dictionary = dictionaries.get(batch.getDictionaryId());
      if (dictionary != null) {
        VectorSchemaRoot values =
            VectorSchemaRoot.of(dictionary.getVector()); // not closed: borrowed
        new VectorLoader(values, new ArrowCompression()).load(batch.getDictionary());
      }
    }
  }
}
