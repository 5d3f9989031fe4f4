package dev.anneal.data.shard.datatrove;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.TokenRow;
import dev.anneal.data.shard.DocumentLengths;
import dev.anneal.data.shard.DocumentSink;
import dev.anneal.data.shard.LittleEndianFile;
import dev.anneal.data.shard.ShardFileCreator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Writes, with the bytes of datatrove's {@code TokenizedFile}: {@code .ds} of raw ids (uint16 or
 * uint32), {@code .ds.index} of the documents' ends in tokens (uint64), {@code .ds.loss} of one
 * byte a token (1: a target), {@code .ds.metadata} of three lines: the tokenizer's name and the
 * bytes of an id, the number of tokens, that number for people.
 *
 * <p>Holds 4 bytes a document. A shard without documents has no files. Confined to one thread.
 */
final class DatatroveSink implements DocumentSink {
  private final ShardFileCreator files;
  private final String path;
  private final DatatroveFormat format;
  private final DocumentLengths documents = new DocumentLengths();
  private final byte[] mask = new byte[1 << 12];
  private Optional<LittleEndianFile> ds = Optional.empty();
  private Optional<LittleEndianFile> loss = Optional.empty();
  private long targets;

  DatatroveSink(ShardFileCreator files, String path, DatatroveFormat format) {
    this.files = files;
    this.path = path;
    this.format = format;
  }

  @Override
  public void write(int[] ids, int[] labels, int count) throws IOException {
    if (ds.isEmpty()) {
      ds = Optional.of(LittleEndianFile.create(files, path));
      if (format.loss()) {
        loss = Optional.of(LittleEndianFile.create(files, path + ".loss"));
      }
    }
    ds.get().ids(ids, count, format.width());
    if (loss.isPresent()) {
      writeMask(loss.get(), labels, count);
    }
    for (int i = documents.open() == 0 ? 1 : 0; i < count; i++) { // the first has no predecessor
      targets += labels[i] == TokenRow.IGNORE_INDEX ? 0 : 1;
    }
    documents.add(count);
  }

  private void writeMask(LittleEndianFile file, int[] labels, int count) throws IOException {
    for (int from = 0; from < count; from += mask.length) {
      int length = Math.min(mask.length, count - from);
      for (int i = 0; i < length; i++) {
        mask[i] = (byte) (labels[from + i] == TokenRow.IGNORE_INDEX ? 0 : 1);
      }
      file.bytes(mask, length);
    }
  }

  @Override
  public void endDocument() {
    documents.end();
  }

  @Override
  public List<ShardManifest.Shard> finish() throws IOException {
    documents.requireEnded();
    if (ds.isEmpty()) {
      return List.of();
    }
    long tokens = documents.tokens();
    List<ShardManifest.Shard> written = new ArrayList<>();
    written.add(ds.get().finish(new ShardManifest.Counts(documents.count(), tokens, targets)));
    LittleEndianFile index = LittleEndianFile.create(files, path + ".index");
    long end = 0;
    for (int i = 0; i < documents.count(); i++) {
      end += documents.length(i);
      index.int64(end);
    }
    written.add(index.finish(ShardManifest.Counts.ZERO));
    if (loss.isPresent()) {
      written.add(loss.get().finish(ShardManifest.Counts.ZERO));
    }
    LittleEndianFile metadata = LittleEndianFile.create(files, path + ".metadata");
    metadata.text(
        String.join(
            "\n",
            format.tokenizer() + "|" + format.width().bytes(),
            Long.toString(tokens),
            new TokenCount(tokens).text()));
    written.add(metadata.finish(ShardManifest.Counts.ZERO));
    return written;
  }
}
