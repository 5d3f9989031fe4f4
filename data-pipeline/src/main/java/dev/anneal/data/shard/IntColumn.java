package dev.anneal.data.shard;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/** The values of one list column gathered for the next record batch. Confined to one thread. */
final class IntColumn {
  private final String name;
  private final int valueBytes;
  private int[] values = new int[1024];
  private int count;
  private int[] offsets = new int[1024];
  private int rows;

  /** With {@code valueBytes} 4 (int32) or 1 (int8). */
  IntColumn(String name, int valueBytes) {
    this.name = name;
    this.valueBytes = valueBytes;
  }

  String name() {
    return name;
  }

  int valueBytes() {
    return valueBytes;
  }

  int count() {
    return count;
  }

  void add(int[] row) {
    values = grown(values, count + row.length);
    System.arraycopy(row, 0, values, count, row.length);
    endRow(count + row.length);
  }

  void addRepeated(int value, int length) {
    values = grown(values, count + length);
    Arrays.fill(values, count, count + length, value);
    endRow(count + length);
  }

  private void endRow(int end) {
    count = end;
    rows++;
    offsets = grown(offsets, rows + 1);
    offsets[rows] = end;
  }

  private static int[] grown(int[] array, int needed) {
    return needed <= array.length
        ? array
        : Arrays.copyOf(array, Math.max(needed, array.length + (array.length >> 1)));
  }

  long offsetBytes() {
    return 4L * (rows + 1);
  }

  long dataBytes() {
    return (long) count * valueBytes;
  }

  void writeOffsets(OutputStream out) throws IOException {
    write(out, offsets, rows + 1, 4);
  }

  void writeData(OutputStream out) throws IOException {
    write(out, values, count, valueBytes);
  }

  void clear() {
    count = 0;
    rows = 0;
  }

  private static void write(OutputStream out, int[] source, int length, int width)
      throws IOException {
    byte[] chunk = new byte[1 << 16];
    int filled = 0;
    for (int i = 0; i < length; i++) {
      for (int shift = 0; shift < 8 * width; shift += 8) {
        chunk[filled++] = (byte) (source[i] >> shift);
      }
      if (filled > chunk.length - 4) {
        out.write(chunk, 0, filled);
        filled = 0;
      }
    }
    out.write(chunk, 0, filled);
  }
}
