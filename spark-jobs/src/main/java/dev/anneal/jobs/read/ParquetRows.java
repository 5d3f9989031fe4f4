package dev.anneal.jobs.read;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.format.FormatException;
import dev.anneal.data.read.RowReader;
import dev.anneal.data.read.SourceRow;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * The rows of a Parquet file as JSON objects, in the order of the file, with lists as arrays. Read
 * here rather than through Spark SQL, which does not keep the order of rows. Confined to one
 * thread.
 */
public final class ParquetRows implements RowReader, AutoCloseable {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final RowColumns chosen;
  private final ParquetFileReader file;
  private final MessageType schema;
  private final MessageColumnIO columns;
  private Optional<RecordReader<Group>> group = Optional.empty();
  private long groupEnd;
  private long rows;

  private ParquetRows(ParquetFileReader file, MessageType schema, RowColumns chosen) {
    this.file = file;
    this.schema = schema;
    this.chosen = chosen;
    file.setRequestedSchema(schema);
    String writer = file.getFileMetaData().getCreatedBy();
    this.columns = new ColumnIOFactory(writer).getColumnIO(schema, fileSchema(file));
  }

  private static MessageType fileSchema(ParquetFileReader file) {
    return file.getFileMetaData().getSchema();
  }

  @SuppressWarnings("deprecation") // no other constructor takes a footer
  public static ParquetRows open(Configuration configuration, String uri, RowColumns chosen)
      throws IOException {
    Path path = new Path(uri);
    ParquetFooter footer = ParquetFooter.read(configuration, path);
    MessageType schema = projected(footer, chosen);
    ParquetFileReader file =
        new ParquetFileReader(
            configuration,
            footer.metadata().getFileMetaData(),
            path,
            footer.metadata().getBlocks(),
            schema.getColumns());
    try {
      return new ParquetRows(file, schema, chosen);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static MessageType projected(ParquetFooter footer, RowColumns chosen)
      throws FormatException {
    MessageType whole = footer.metadata().getFileMetaData().getSchema();
    List<String> names = whole.getFields().stream().map(Type::getName).toList();
    List<String> read =
        chosen.of(names, name -> footer.unreadable().get(names.indexOf(name)).isEmpty());
    List<Type> fields = new ArrayList<>();
    for (String name : read) {
      String type = footer.unreadable().get(names.indexOf(name)).orElse("");
      if (!type.isEmpty()) {
        throw new FormatException(
            "column '" + name + "' is of type " + type + " (which cannot be read)");
      }
      fields.add(whole.getType(name));
    }
    return new MessageType(whole.getName(), fields);
  }

  @Override
  public Optional<SourceRow> next() throws IOException {
    while (rows == groupEnd) {
      PageReadStore pages = file.readNextRowGroup();
      if (pages == null) {
        return Optional.empty();
      }
      group = Optional.of(columns.getRecordReader(pages, new GroupRecordConverter(schema)));
      groupEnd += pages.getRowCount();
    }
    rows++;
    Group row = group.orElseThrow().read();
    return Optional.of(new SourceRow(rows, row(row).toString().getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public long rowCount() {
    return rows;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  private ObjectNode row(Group group) {
    ObjectNode node = JSON.objectNode();
    GroupType type = group.getType();
    for (int field = 0; field < type.getFieldCount(); field++) {
      boolean asText = type.getFieldName(field).equals(chosen.asText());
      node.set(type.getFieldName(field), asText ? text(group, field) : field(group, field));
    }
    return node;
  }

  /** A column of text that is declared as JSON too. */
  private JsonNode text(Group group, int field) {
    Type type = group.getType().getType(field);
    boolean single = type.isPrimitive() && !type.isRepetition(Type.Repetition.REPEATED);
    return single && group.getFieldRepetitionCount(field) == 1
        ? primitive(group, field, 0)
        : field(group, field);
  }

  private ObjectNode object(Group group) {
    ObjectNode node = JSON.objectNode();
    GroupType type = group.getType();
    for (int field = 0; field < type.getFieldCount(); field++) {
      JsonNode value = field(group, field);
      if (!value.isNull() || chosen.keeps(type.getFieldName(field), names(type))) {
        node.set(type.getFieldName(field), value);
      }
    }
    return node;
  }

  private static List<String> names(GroupType type) {
    return type.getFields().stream().map(Type::getName).toList();
  }

  private JsonNode field(Group group, int field) {
    int count = group.getFieldRepetitionCount(field);
    if (group.getType().getType(field).isRepetition(Type.Repetition.REPEATED)) {
      ArrayNode array = JSON.arrayNode();
      for (int i = 0; i < count; i++) {
        array.add(value(group, field, i));
      }
      return array;
    }
    return count == 0 ? JSON.nullNode() : value(group, field, 0);
  }

  private JsonNode value(Group group, int field, int index) {
    Type type = group.getType().getType(field);
    if (type.isPrimitive()) {
      boolean json =
          type.getLogicalTypeAnnotation()
              instanceof LogicalTypeAnnotation.JsonLogicalTypeAnnotation;
      JsonNode value = primitive(group, field, index);
      return json ? JsonColumns.value(value.textValue()) : value;
    }
    Group child = group.getGroup(field, index);
    boolean list =
        type.getLogicalTypeAnnotation() instanceof LogicalTypeAnnotation.ListLogicalTypeAnnotation;
    return list ? list(child) : object(child);
  }

  /** A list is a group with one repeated field, which wraps each element in a group of its own. */
  private ArrayNode list(Group list) {
    ArrayNode array = JSON.arrayNode();
    Type repeated = list.getType().getType(0);
    boolean wrapped =
        !repeated.isPrimitive()
            && repeated.asGroupType().getFieldCount() == 1
            && !repeated.getName().equals("array")
            && !repeated.getName().endsWith("_tuple");
    for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
      array.add(wrapped ? field(list.getGroup(0, i), 0) : value(list, 0, i));
    }
    return array;
  }

  private static JsonNode primitive(Group group, int field, int index) {
    return switch (group.getType().getType(field).asPrimitiveType().getPrimitiveTypeName()) {
      case BOOLEAN -> JSON.booleanNode(group.getBoolean(field, index));
      case INT32 -> JSON.numberNode(group.getInteger(field, index));
      case INT64 -> JSON.numberNode(group.getLong(field, index));
      case FLOAT -> JSON.numberNode(group.getFloat(field, index));
      case DOUBLE -> JSON.numberNode(group.getDouble(field, index));
      case BINARY, FIXED_LEN_BYTE_ARRAY, INT96 ->
          JSON.textNode(group.getBinary(field, index).toStringUsingUTF8());
    };
  }
}
