package dev.anneal.data.pack;

import java.util.ArrayList;
import java.util.List;

/**
 * {@code packing = wrapped}: samples one after another, cut every {@code blockSize} tokens, the
 * last row short; boundaries are forgotten, as TRL does it, so attention crosses samples.
 */
public final class WrappedRows implements RowPacker {
  private final int blockSize;

  public WrappedRows(int blockSize) {
    if (blockSize <= 0) {
      throw new IllegalArgumentException("Invalid block_size: " + blockSize + " (must be > 0)");
    }
    this.blockSize = blockSize;
  }

  @Override
  public List<PackedRow> pack(int[] lengths) {
    List<PackedRow> rows = new ArrayList<>();
    List<Piece> row = new ArrayList<>();
    int space = blockSize;
    for (int i = 0; i < lengths.length; i++) {
      int start = 0;
      while (start < lengths[i]) {
        int length = Math.min(space, lengths[i] - start);
        row.add(new Piece(i, start, length));
        start += length;
        space -= length;
        if (space == 0) {
          rows.add(new PackedRow(row));
          row.clear();
          space = blockSize;
        }
      }
    }
    if (!row.isEmpty()) {
      rows.add(new PackedRow(row));
    }
    return rows;
  }

  @Override
  public boolean splitsLongSamples() {
    return true;
  }

  @Override
  public boolean keepsBoundaries() {
    return false;
  }
}
