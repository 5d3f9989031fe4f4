package dev.anneal.core.data;

import java.util.List;

/**
 * Random access to tokenized rows in their global order: the folders as listed, each folder's files
 * as {@code state.json} lists them, then the file's rows. Thread-safe; O(1) per row.
 */
public interface RowSource extends AutoCloseable {
  long rowCount();

  /** The row at a global index; {@link InvalidRowException} names the folder, file and row. */
  TokenRow row(long index);

  /** Tokens of the row at a global index, from the lists' offsets: the row is not decoded. */
  int length(long index);

  /** Tokens of all rows. */
  default long tokenCount() {
    long tokens = 0;
    for (long i = 0; i < rowCount(); i++) {
      tokens += length(i);
    }
    return tokens;
  }

  /** Whether rows are single samples of different lengths, as unpacked conversations are. */
  boolean ragged();

  /** Content hash of every shard set, in order: what a checkpoint stores and a resume compares. */
  List<String> contentHashes();

  @Override
  void close();
}
