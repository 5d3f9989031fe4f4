package dev.anneal.data.pack;

import java.util.ArrayList;
import java.util.List;

/** {@code packing = none}: each sample is a row of its own. */
public final class OneSampleRows implements RowPacker {
  @Override
  public List<PackedRow> pack(int[] lengths) {
    List<PackedRow> rows = new ArrayList<>(lengths.length);
    for (int i = 0; i < lengths.length; i++) {
      if (lengths[i] > 0) {
        rows.add(new PackedRow(List.of(new Piece(i, 0, lengths[i]))));
      }
    }
    return rows;
  }

  @Override
  public boolean splitsLongSamples() {
    return false;
  }

  @Override
  public boolean keepsBoundaries() {
    return false;
  }
}
