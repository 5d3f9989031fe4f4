package dev.anneal.data.pack;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * {@code packing = bfd | bfd_split}: best-fit decreasing bin packing, as TRL does it. Pieces are
 * taken from the longest to the shortest (ties in their order); each goes to the open row with the
 * least space that still holds it, the oldest among equals, or to a new row. See "Fewer Truncations
 * Improve Language Modeling" (arXiv 2404.10830).
 *
 * <p>With splitting, a sample longer than a row is first cut every {@code blockSize} tokens;
 * without, such a sample must have been cut before.
 */
public final class BestFitRows implements RowPacker {
  private final int blockSize;
  private final boolean split;

  private BestFitRows(int blockSize, boolean split) {
    if (blockSize <= 0) {
      throw new IllegalArgumentException("Invalid block_size: " + blockSize + " (must be > 0)");
    }
    this.blockSize = blockSize;
    this.split = split;
  }

  /** {@code bfd}: samples are no longer than a row. */
  public static BestFitRows whole(int blockSize) {
    return new BestFitRows(blockSize, false);
  }

  /** {@code bfd_split}: longer samples are cut, nothing is lost. */
  public static BestFitRows splitting(int blockSize) {
    return new BestFitRows(blockSize, true);
  }

  @Override
  public List<PackedRow> pack(int[] lengths) {
    List<Piece> pieces = pieces(lengths);
    pieces.sort(Comparator.comparingInt(Piece::length).reversed()); // stable: ties keep their order
    List<List<Piece>> rows = new ArrayList<>();
    TreeMap<Integer, ArrayDeque<List<Piece>>> bySpace = new TreeMap<>();
    for (Piece piece : pieces) {
      Map.Entry<Integer, ArrayDeque<List<Piece>>> fit = bySpace.ceilingEntry(piece.length());
      List<Piece> row;
      int space;
      if (fit == null) {
        row = new ArrayList<>();
        rows.add(row);
        space = blockSize;
      } else {
        row = fit.getValue().removeFirst();
        space = fit.getKey();
        if (fit.getValue().isEmpty()) {
          bySpace.remove(space);
        }
      }
      row.add(piece);
      space -= piece.length();
      if (space > 0) {
        bySpace.computeIfAbsent(space, key -> new ArrayDeque<>()).addLast(row);
      }
    }
    return rows.stream().map(PackedRow::new).toList();
  }

  private List<Piece> pieces(int[] lengths) {
    List<Piece> pieces = new ArrayList<>(lengths.length);
    for (int i = 0; i < lengths.length; i++) {
      if (lengths[i] > blockSize && !split) {
        throw new IllegalArgumentException(
            "Invalid sample length: " + lengths[i] + " (must be <= " + blockSize + ")");
      }
      for (int start = 0; start < lengths[i]; start += blockSize) {
        pieces.add(new Piece(i, start, Math.min(blockSize, lengths[i] - start)));
      }
    }
    return pieces;
  }

  @Override
  public boolean splitsLongSamples() {
    return split;
  }

  @Override
  public boolean keepsBoundaries() {
    return true;
  }
}
