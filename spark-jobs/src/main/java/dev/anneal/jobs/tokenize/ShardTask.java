package dev.anneal.jobs.tokenize;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.io.FileStore;
import dev.anneal.data.shard.ShardWriter;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenizer.JavaBytes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.function.Function;

/**
 * Phase two of the job, one call a shard: reads its tokens out of the staged files and writes it in
 * its place. Every attempt writes the same bytes. Serializable, stateless.
 */
record ShardTask(HadoopFileStore store, String outputFolder, String stagingFolder)
    implements Function<byte[], byte[]> {

  @Override
  public byte[] call(byte[] plan) throws IOException {
    return JavaBytes.of(write(JavaBytes.to(ShardPlan.class, plan)));
  }

  private ShardManifest.Shard write(ShardPlan plan) throws IOException {
    ShardManifest.Shard[] shard = new ShardManifest.Shard[1];
    store.writeThrough(
        stagingFolder,
        FileStore.join(outputFolder, plan.name()),
        out -> {
          ShardWriter writer = new ShardWriter(out, plan.columns());
          if (plan instanceof BlockShard blocks) {
            writeBlocks(blocks, writer);
          } else if (plan instanceof SampleShard samples) {
            writeSamples(samples, writer);
          }
          shard[0] = writer.finish(plan.name());
        });
    return shard[0];
  }

  private void writeBlocks(BlockShard shard, ShardWriter writer) throws IOException {
    int[] block = new int[(int) Math.min(shard.blockSize(), shard.tokens())];
    int filled = 0;
    long left = shard.tokens();
    long skip = shard.skip();
    for (StagedFile file : shard.files()) {
      try (IntFileInput in = new IntFileInput(store.openAt(file.path(), skip * Integer.BYTES))) {
        long inFile = Math.min(left, file.tokens() - skip);
        left -= inFile;
        skip = 0;
        while (inFile > 0) {
          int count = (int) Math.min(inFile, block.length - filled);
          in.read(block, filled, count);
          inFile -= count;
          filled += count;
          if (filled == block.length) {
            writer.write(new TokenRow(block, block, new int[] {filled}));
            filled = 0;
          }
        }
      }
    }
    if (filled > 0) {
      int[] tail = Arrays.copyOf(block, filled);
      writer.write(new TokenRow(tail, tail, new int[] {filled}));
    }
  }

  private void writeSamples(SampleShard shard, ShardWriter writer) throws IOException {
    List<int[]> ids = new ArrayList<>();
    List<int[]> labels = new ArrayList<>();
    read(shard, ids, labels);
    int piece = 0;
    for (int pieces : shard.rowPieces()) {
      int end = piece + pieces;
      int[] rowIds = ids.subList(piece, end).stream().flatMapToInt(IntStream::of).toArray();
      int[] rowLabels = labels.subList(piece, end).stream().flatMapToInt(IntStream::of).toArray();
      int[] lengths =
          shard.columns().sequenceLengths()
              ? ids.subList(piece, end).stream().mapToInt(part -> part.length).toArray()
              : new int[] {rowIds.length};
      writer.write(new TokenRow(rowIds, rowLabels, lengths));
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
