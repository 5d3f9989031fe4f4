package dev.anneal.data.pack;

import java.util.List;

/** The pieces of one row, in order; never empty. */
public record PackedRow(List<Piece> pieces) {
  public PackedRow {
    pieces = List.copyOf(pieces);
    if (pieces.isEmpty()) {
      throw new IllegalArgumentException("Invalid row: no pieces (must have at least one)");
    }
  }

  public int length() {
    return pieces.stream().mapToInt(Piece::length).sum();
  }
}
