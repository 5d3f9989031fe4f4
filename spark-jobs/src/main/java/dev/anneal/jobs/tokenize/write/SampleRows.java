package dev.anneal.jobs.tokenize.write;

import dev.anneal.core.data.TokenRow;
import dev.anneal.data.shard.RowSink;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenize.staging.StagedSamples;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Reads the pieces of a shard's samples and joins them to rows. Stateless beside its store. */
record SampleRows(HadoopFileStore store) {

  void write(SampleShard shard, RowSink sink) throws IOException {
    List<int[]> ids = new ArrayList<>();
    List<int[]> labels = new ArrayList<>();
    read(shard, ids, labels);
    int piece = 0;
    for (int pieces : shard.rowPieces()) {
      int end = piece + pieces;
      int[] rowIds = ids.subList(piece, end).stream().flatMapToInt(IntStream::of).toArray();
      int[] rowLabels = labels.subList(piece, end).stream().flatMapToInt(IntStream::of).toArray();
      int[] lengths =
          shard.boundaries()
              ? ids.subList(piece, end).stream().mapToInt(part -> part.length).toArray()
              : new int[] {rowIds.length};
      sink.write(new TokenRow(rowIds, rowLabels, lengths));
      piece = end;
    }
  }

  /** Loads all pieces, in the order in which they lie in the staged files. */
  private void read(SampleShard shard, List<int[]> ids, List<int[]> labels) throws IOException {
    StagedPieces pieces = shard.pieces();
    int[][] idsOf = new int[pieces.count()][];
    int[][] labelsOf = new int[pieces.count()][];
    List<Integer> order = new ArrayList<>(IntStream.range(0, pieces.count()).boxed().toList());
    order.sort(
        Comparator.<Integer>comparingInt(i -> pieces.path()[i])
            .thenComparingLong(i -> pieces.offset()[i])
            .thenComparingInt(i -> pieces.start()[i]));
    try (StagedSamples samples = new StagedSamples(store, shard.paths())) {
      for (int i : order) {
        int[] sample = samples.read(pieces.path()[i], pieces.offset()[i], pieces.sampleLength()[i]);
        int start = pieces.start()[i];
        int end = start + pieces.length()[i];
        int length = pieces.sampleLength()[i];
        idsOf[i] = Arrays.copyOfRange(sample, start, end);
        labelsOf[i] = Arrays.copyOfRange(sample, length + start, length + end);
      }
    }
    ids.addAll(List.of(idsOf));
    labels.addAll(List.of(labelsOf));
  }
}
