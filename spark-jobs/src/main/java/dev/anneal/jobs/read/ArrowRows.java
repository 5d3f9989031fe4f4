package dev.anneal.jobs.read;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.format.FormatException;
import dev.anneal.data.read.RowReader;
import dev.anneal.data.read.SourceRow;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryEncoder;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * The rows of an Arrow file as JSON objects, in the order of the file: the stream format, as {@code
 * datasets} saves it, or the file format (Feather 2), whose beginning is a stream too. Confined to
 * one thread. Owns the record batch being read, which is native memory.
 */
public final class ArrowRows implements RowReader, AutoCloseable {
  private static final byte[] FILE_MAGIC = "ARROW1\0\0".getBytes(StandardCharsets.US_ASCII);

  private final BufferAllocator allocator = new RootAllocator();
  private final RowColumns chosen;
  private final ArrowStreamReader reader;
  private final List<ValueVector> decoded = new ArrayList<>();
  private List<ValueVector> columns = List.of();
  private List<String> names = List.of();
  private int batchRows;
  private int at;
  private long rows;

  private ArrowRows(InputStream in, RowColumns chosen) {
    this.chosen = chosen;
    this.reader = ArrowColumns.of(in, allocator, chosen);
  }

  /** Reads a stream, which closing closes too. */
  public static ArrowRows open(InputStream in, RowColumns chosen) throws IOException {
    PushbackInputStream peeked = new PushbackInputStream(in, FILE_MAGIC.length);
    byte[] start = peeked.readNBytes(FILE_MAGIC.length);
    if (!Arrays.equals(start, FILE_MAGIC)) {
      peeked.unread(start);
    }
    boolean stream = start.length >= 4 && (start[0] & start[1] & start[2] & start[3]) == -1;
    if (!stream && !Arrays.equals(start, FILE_MAGIC)) {
      in.close();
      throw new FormatException("not an Arrow stream or file");
    }
    return new ArrowRows(peeked, chosen);
  }

  @Override
  public Optional<SourceRow> next() throws IOException {
    while (at == batchRows) {
      closeDecoded();
      if (!reader.loadNextBatch()) {
        return Optional.empty();
      }
      columns = columns();
      names =
          reader.getVectorSchemaRoot().getSchema().getFields().stream()
              .map(Field::getName)
              .toList();
      batchRows = reader.getVectorSchemaRoot().getRowCount();
      at = 0;
    }
    ObjectNode row = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i < columns.size(); i++) {
      boolean asText = names.get(i).equals(chosen.asText());
      row.set(names.get(i), new ArrowValues(chosen, asText).json(columns.get(i), at));
    }
    at++;
    rows++;
    return Optional.of(new SourceRow(rows, row.toString().getBytes(StandardCharsets.UTF_8)));
  }

  /** The batch's columns, those that are indices into a dictionary written out. */
  private List<ValueVector> columns() throws IOException {
    List<ValueVector> found = new ArrayList<>();
    for (FieldVector vector : reader.getVectorSchemaRoot().getFieldVectors()) {
      if (vector.getField().getDictionary() == null) {
        found.add(vector);
        continue;
      }
      Dictionary dictionary = reader.lookup(vector.getField().getDictionary().getId());
      ValueVector plain = DictionaryEncoder.decode(vector, dictionary, allocator);
      decoded.add(plain);
      found.add(plain);
    }
    return found;
  }

  private void closeDecoded() {
    decoded.forEach(ValueVector::close);
    decoded.clear();
  }

  @Override
  public long rowCount() {
    return rows;
  }

  @Override
  public void close() throws IOException {
    closeDecoded();
    try {
      reader.close();
    } finally {
      allocator.close();
    }
  }
}
