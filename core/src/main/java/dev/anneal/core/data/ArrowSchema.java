package dev.anneal.core.data;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.flatbuf.Endianness;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FixedSizeList;
import org.apache.arrow.flatbuf.Int;
import org.apache.arrow.flatbuf.Schema;
import org.apache.arrow.flatbuf.Type;
import org.apache.arrow.flatbuf.Union;
import org.apache.arrow.flatbuf.UnionMode;

/**
 * The columns of an Arrow file that hold lists of integers, found by name; other columns are
 * counted past. Buffers and field nodes of a record batch lie in the schema's depth-first order.
 * Immutable.
 */
final class ArrowSchema {
  private final Map<String, ListColumn> lists = new LinkedHashMap<>();
  private final Map<String, String> others = new LinkedHashMap<>();
  private int nodes;
  private int buffers;

  private ArrowSchema() {}

  /** An {@link IllegalArgumentException} says which column cannot be read. */
  static ArrowSchema of(Schema schema) {
    if (schema.endianness() != Endianness.Little) {
      throw new IllegalArgumentException("its numbers are big-endian (must be little-endian)");
    }
    ArrowSchema result = new ArrowSchema();
    for (int i = 0; i < schema.fieldsLength(); i++) {
      result.addColumn(schema.fields(i));
    }
    return result;
  }

  int nodes() {
    return nodes;
  }

  int buffers() {
    return buffers;
  }

  /** A column that must be there. */
  ListColumn required(String name) {
    return optional(name)
        .orElseThrow(() -> new IllegalArgumentException("it has no column " + name));
  }

  /** A column that may be absent, but must hold lists of integers when it is there. */
  Optional<ListColumn> optional(String name) {
    if (others.containsKey(name)) {
      throw new IllegalArgumentException(
          "column " + name + " has type " + others.get(name) + " (must be a list of integers)");
    }
    return Optional.ofNullable(lists.get(name));
  }

  private void addColumn(Field field) {
    Optional<ListColumn> list = listColumn(field);
    if (list.isPresent()) {
      lists.put(field.name(), list.get());
    } else {
      others.put(field.name(), Type.name(field.typeType()));
    }
    count(field);
  }

  private Optional<ListColumn> listColumn(Field field) {
    int offsetBytes = offsetBytes(field);
    if (offsetBytes < 0 || field.dictionary() != null || field.childrenLength() != 1) {
      return Optional.empty();
    }
    Field child = field.children(0);
    if (child.typeType() != Type.Int || child.dictionary() != null) {
      return Optional.empty();
    }
    Int values = (Int) child.type(new Int());
    int fixedSize =
        offsetBytes == 0 ? ((FixedSizeList) field.type(new FixedSizeList())).listSize() : 0;
    return Optional.of(
        new ListColumn(
            field.name(),
            offsetBytes,
            fixedSize,
            values.bitWidth() / 8,
            values.isSigned(),
            nodes,
            buffers));
  }

  private static int offsetBytes(Field field) {
    return switch (field.typeType()) {
      case Type.List -> 4;
      case Type.LargeList -> 8;
      case Type.FixedSizeList -> 0;
      default -> -1;
    };
  }

  /** Counts the field nodes and buffers of a column and of everything below it. */
  private void count(Field field) {
    nodes++;
    if (field.dictionary() != null) {
      buffers += 2; // only the indices travel in a record batch
      return;
    }
    buffers += ownBuffers(field);
    for (int i = 0; i < field.childrenLength(); i++) {
      count(field.children(i));
    }
  }

  private static int ownBuffers(Field field) {
    return switch (field.typeType()) {
      case Type.Null -> 0;
      case Type.Struct_, Type.FixedSizeList -> 1;
      case Type.Int,
              Type.FloatingPoint,
              Type.Bool,
              Type.Decimal,
              Type.Date,
              Type.Time,
              Type.Timestamp,
              Type.Interval,
              Type.Duration,
              Type.FixedSizeBinary,
              Type.List,
              Type.LargeList,
              Type.Map ->
          2;
      case Type.Binary, Type.Utf8, Type.LargeBinary, Type.LargeUtf8 -> 3;
      case Type.Union -> ((Union) field.type(new Union())).mode() == UnionMode.Sparse ? 1 : 2;
      default ->
          throw new IllegalArgumentException(
              "column " + field.name() + " has the unknown type " + field.typeType());
    };
  }
}
