package dev.anneal.jobs.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.data.read.RowReader;
import dev.anneal.data.read.SourceRow;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.Type;

/**
 * The rows of a Parquet file as JSON objects, in the order of the file, with lists as arrays. Read
 * here rather than through Spark SQL, which does not keep the order of rows. Confined to one
 * thread.
 */
final class ParquetRows implements RowReader, AutoCloseable {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final ParquetReader<Group> reader;
  private long rows;

  private ParquetRows(ParquetReader<Group> reader) {
    this.reader = reader;
  }

  static ParquetRows open(Configuration configuration, String uri) throws IOException {
    return new ParquetRows(
        ParquetReader.builder(new GroupReadSupport(), new Path(uri))
            .withConf(configuration)
            .build());
  }

  @Override
  public Optional<SourceRow> next() throws IOException {
    Group group = reader.read();
    if (group == null) {
      return Optional.empty();
    }
    rows++;
    byte[] content = object(group).toString().getBytes(StandardCharsets.UTF_8);
    return Optional.of(new SourceRow(rows, content));
  }

  @Override
  public long rowCount() {
    return rows;
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }

  private static ObjectNode object(Group group) {
    ObjectNode node = JSON.objectNode();
    GroupType type = group.getType();
    for (int field = 0; field < type.getFieldCount(); field++) {
      node.set(type.getFieldName(field), field(group, field));
    }
    return node;
  }

  private static JsonNode field(Group group, int field) {
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

  private static JsonNode value(Group group, int field, int index) {
    Type type = group.getType().getType(field);
    if (type.isPrimitive()) {
      return primitive(group, field, index);
    }
    Group child = group.getGroup(field, index);
    boolean list =
        type.getLogicalTypeAnnotation() instanceof LogicalTypeAnnotation.ListLogicalTypeAnnotation;
    return list ? list(child) : object(child);
  }

  /** A list is a group with one repeated field, which wraps each element in a group of its own. */
  private static ArrayNode list(Group list) {
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
