package dev.anneal.core.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Where one column of integer lists lies in every record batch of a file, and how to read a row of
 * it. Immutable.
 *
 * @param name column name
 * @param offsetBytes 4 for a list, 8 for a large list, 0 for a fixed-size list
 * @param fixedSize values a row of a fixed-size list, else 0
 * @param valueBytes width of one integer: 1, 2, 4 or 8
 * @param signed false for unsigned integers
 * @param node index of the list's field node; its values follow at {@code node + 1}
 * @param buffer index of the list's first buffer (its validity bitmap)
 */
record ListColumn(
    String name,
    int offsetBytes,
    int fixedSize,
    int valueBytes,
    boolean signed,
    int node,
    int buffer) {

  /** Reads one row; an {@link IllegalArgumentException} says what is wrong with it. */
  int[] read(RecordBatchView batch, int row) {
    if (!batch.isValid(buffer, node, row)) {
      throw new IllegalArgumentException(name + " is null");
    }
    int[] values = new int[length(batch, row)];
    long start = start(batch, row);
    int valueBuffer = offsetBytes == 0 ? buffer + 1 : buffer + 2;
    long bytes = (long) values.length * valueBytes;
    copy(batch.values(valueBuffer + 1, start * valueBytes, bytes), values);
    requireNoNull(batch, valueBuffer, start, start + values.length);
    return values;
  }

  /** Values of one row by its offsets alone; the row may be null or hold nulls. */
  int length(RecordBatchView batch, int row) {
    long start = start(batch, row);
    long end = offsetBytes == 0 ? start + fixedSize : start(batch, row + 1);
    long values = batch.length(node + 1);
    if (start < 0 || end < start || end > values || end - start > 1 << 28) {
      throw new IllegalArgumentException(
          name + " has offsets " + start + ".." + end + " of " + values);
    }
    return (int) (end - start);
  }

  private long start(RecordBatchView batch, int row) {
    return switch (offsetBytes) {
      case 0 -> (long) row * fixedSize;
      case 4 -> batch.values(buffer + 1, 4L * row, 4).getInt(0);
      default -> batch.values(buffer + 1, 8L * row, 8).getLong(0);
    };
  }

  private void requireNoNull(RecordBatchView batch, int valueBuffer, long start, long end) {
    if (batch.nullCount(node + 1) == 0) {
      return;
    }
    for (long i = start; i < end; i++) {
      if (!batch.isValid(valueBuffer, node + 1, i)) {
        throw new IllegalArgumentException(name + "[" + (i - start) + "] is null");
      }
    }
  }

  private void copy(ByteBuffer source, int[] values) {
    ByteBuffer bytes = source.order(ByteOrder.LITTLE_ENDIAN);
    if (valueBytes == 4 && signed) {
      bytes.asIntBuffer().get(values);
      return;
    }
    for (int i = 0; i < values.length; i++) {
      long value =
          switch (valueBytes) {
            case 1 -> signed ? bytes.get(i) : bytes.get(i) & 0xFF;
            case 2 -> signed ? bytes.getShort(2 * i) : bytes.getShort(2 * i) & 0xFFFF;
            case 4 -> bytes.getInt(4 * i) & 0xFFFFFFFFL;
            default -> bytes.getLong(8 * i);
          };
      if (value != (int) value || (!signed && value < 0)) {
        throw new IllegalArgumentException(
            name + "[" + i + "] = " + (signed ? value : Long.toUnsignedString(value)));
      }
      values[i] = (int) value;
    }
  }
}
