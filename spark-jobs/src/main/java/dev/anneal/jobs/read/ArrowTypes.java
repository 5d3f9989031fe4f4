package dev.anneal.jobs.read;

import java.util.Map;
import java.util.Optional;
import org.apache.arrow.flatbuf.Decimal;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FloatingPoint;
import org.apache.arrow.flatbuf.Precision;
import org.apache.arrow.flatbuf.Type;
import org.apache.arrow.flatbuf.Union;
import org.apache.arrow.flatbuf.UnionMode;

/**
 * The types of Arrow's columns by their codes (format/Schema.fbs), also those that the library at
 * hand does not know: enough to name them, and to pass over the parts of their columns. Stateless.
 */
final class ArrowTypes {
  private static final int RUN_ENDS = 22;
  private static final int BINARY_VIEW = 23;
  private static final int TEXT_VIEW = 24;
  private static final int LIST_VIEW = 25;
  private static final int LARGE_LIST_VIEW = 26;
  private static final Map<Integer, String> LATER =
      Map.of(
          RUN_ENDS, "run_end_encoded",
          BINARY_VIEW, "binary_view",
          TEXT_VIEW, "string_view",
          LIST_VIEW, "list_view",
          LARGE_LIST_VIEW, "large_list_view");

  private ArrowTypes() {}

  /** The first type in a column, itself or what it holds, that cannot be read. */
  static Optional<String> unreadable(Field field) {
    int type = field.typeType();
    if (LATER.containsKey(type)) {
      return Optional.of(LATER.get(type));
    }
    if (type > RUN_ENDS) {
      return Optional.of("number " + type);
    }
    if (type == Type.FloatingPoint
        && ((FloatingPoint) field.type(new FloatingPoint())).precision() == Precision.HALF) {
      return Optional.of("float16");
    }
    if (type == Type.Decimal) {
      int bits = ((Decimal) field.type(new Decimal())).bitWidth();
      if (bits != 128 && bits != 256) {
        return Optional.of("decimal" + bits);
      }
    }
    for (int i = 0; i < field.childrenLength(); i++) {
      Optional<String> child = unreadable(field.children(i));
      if (child.isPresent()) {
        return child;
      }
    }
    return Optional.empty();
  }

  /** Whether a column has as many buffers as each batch says. */
  static boolean isView(Field field) {
    return field.dictionary() == null
        && (field.typeType() == BINARY_VIEW || field.typeType() == TEXT_VIEW);
  }

  /** Buffers of a column without those of its children. */
  static int buffers(Field field) {
    if (field.dictionary() != null) {
      return 2; // indices
    }
    return switch (field.typeType()) {
      case Type.Null, RUN_ENDS -> 0;
      case Type.Struct_, Type.FixedSizeList -> 1;
      case Type.Union -> ((Union) field.type(new Union())).mode() == UnionMode.Dense ? 2 : 1;
      case Type.Binary, Type.Utf8, Type.LargeBinary, Type.LargeUtf8, LIST_VIEW, LARGE_LIST_VIEW ->
          3;
      default -> 2;
    };
  }

  /** Children that have parts of their own in a batch. */
  static int children(Field field) {
    return field.dictionary() != null ? 0 : field.childrenLength();
  }
}
