package dev.anneal.jobs.tokenize.write;

import dev.anneal.data.shard.DocumentSink;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenize.staging.DocumentIndexInput;
import dev.anneal.jobs.tokenize.staging.IntFileInput;
import dev.anneal.jobs.tokenize.staging.StagedDocument;
import dev.anneal.jobs.tokenize.staging.StagedFile;
import java.io.IOException;
import java.util.Optional;

/**
 * Reads the documents that begin in a shard's run of the token stream. Stateless beside its store.
 */
public record WholeDocuments(HadoopFileStore store) {
  private static final int PIECE_TOKENS = 1 << 14;

  public void write(DocumentShard shard, DocumentSink sink) throws IOException {
    long begin = shard.skip();
    long left = shard.tokens();
    for (StagedFile file : shard.files()) {
      long end = Math.min(file.tokens(), begin + left);
      write(shard, file, new Range(begin, end), sink);
      left -= end - begin;
      begin = 0;
    }
  }

  /** Tokens of a staged file in which documents must begin. */
  private record Range(long begin, long end) {}

  private void write(DocumentShard shard, StagedFile file, Range range, DocumentSink sink)
      throws IOException {
    try (DocumentIndexInput index =
        new DocumentIndexInput(store.open(StagedFile.indexPath(file.path())))) {
      Optional<StagedDocument> document = index.next();
      long start = 0;
      while (document.isPresent() && start < range.begin()) {
        start += document.get().tokens();
        document = index.next();
      }
      if (start >= range.end()) {
        return;
      }
      long offset = start * Integer.BYTES * (shard.labels() ? 2 : 1);
      try (IntFileInput in = new IntFileInput(store.openAt(file.path(), offset))) {
        while (document.isPresent() && start < range.end()) {
          copy(in, document.get().tokens(), shard.labels(), sink);
          start += document.get().tokens();
          document = index.next();
        }
      }
    }
  }

  private static void copy(IntFileInput in, long tokens, boolean labels, DocumentSink sink)
      throws IOException {
    if (labels) { // a sample fits in memory, and its labels come after all of its ids
      int[] ids = new int[Math.toIntExact(tokens)];
      int[] targets = new int[ids.length];
      in.read(ids, 0, ids.length);
      in.read(targets, 0, targets.length);
      sink.write(ids, targets, ids.length);
    } else {
      int[] piece = new int[(int) Math.min(tokens, PIECE_TOKENS)];
      for (long left = tokens; left > 0; left -= Math.min(left, piece.length)) {
        int count = (int) Math.min(left, piece.length);
        in.read(piece, 0, count);
        sink.write(piece, piece, count);
      }
    }
    sink.endDocument();
  }
}
