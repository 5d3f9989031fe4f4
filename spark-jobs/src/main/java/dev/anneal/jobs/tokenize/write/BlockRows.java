package dev.anneal.jobs.tokenize.write;

import dev.anneal.core.data.TokenRow;
import dev.anneal.data.shard.RowSink;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenize.staging.IntFileInput;
import dev.anneal.jobs.tokenize.staging.StagedFile;
import java.io.IOException;
import java.util.Arrays;

/** Reads a shard's run of the token stream and cuts it into rows. Stateless beside its store. */
record BlockRows(HadoopFileStore store) {

  void write(BlockShard shard, RowSink sink) throws IOException {
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
            sink.write(new TokenRow(block, block, new int[] {filled}));
            filled = 0;
          }
        }
      }
    }
    if (filled > 0) {
      int[] tail = Arrays.copyOf(block, filled);
      sink.write(new TokenRow(tail, tail, new int[] {filled}));
    }
  }
}
