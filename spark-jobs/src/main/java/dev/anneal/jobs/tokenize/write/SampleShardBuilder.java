package dev.anneal.jobs.tokenize.write;

import dev.anneal.data.pack.PackedRow;
import dev.anneal.data.pack.Piece;
import dev.anneal.data.shard.RowFormat;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Gathers the rows of one shard. Confined to one thread. */
final class SampleShardBuilder {
  private final SampleIndex samples;
  private final Map<String, Integer> paths = new LinkedHashMap<>();
  private final List<Integer> rowPieces = new ArrayList<>();
  private final List<Piece> pieces = new ArrayList<>();

  SampleShardBuilder(SampleIndex samples) {
    this.samples = samples;
  }

  /** Adds a row whose pieces count samples from {@code first}. */
  void add(int first, PackedRow row) {
    rowPieces.add(row.pieces().size());
    for (Piece piece : row.pieces()) {
      pieces.add(new Piece(first + piece.sample(), piece.start(), piece.length()));
    }
  }

  SampleShard build(RowFormat format, int index, int shards, boolean boundaries) {
    int count = pieces.size();
    StagedPieces staged =
        new StagedPieces(
            new int[count], new long[count], new int[count], new int[count], new int[count]);
    for (int i = 0; i < count; i++) {
      Piece piece = pieces.get(i);
      String path = samples.path(piece.sample());
      staged.path()[i] = paths.computeIfAbsent(path, key -> paths.size());
      staged.offset()[i] = samples.offset(piece.sample());
      staged.sampleLength()[i] = samples.length(piece.sample());
      staged.start()[i] = piece.start();
      staged.length()[i] = piece.length();
    }
    int[] perRow = rowPieces.stream().mapToInt(Integer::intValue).toArray();
    return new SampleShard(
        format, index, shards, boundaries, new ArrayList<>(paths.keySet()), perRow, staged);
  }
}
