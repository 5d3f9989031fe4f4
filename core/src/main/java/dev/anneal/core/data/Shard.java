package dev.anneal.core.data;

import java.util.List;

/** One Arrow file of rows: mapped where it lies, or fetched when it is read. Thread-safe. */
sealed interface Shard permits ShardFile, FetchedShard {
  /** Its path as users know it. */
  String name();

  long rowCount();

  TokenRow row(long row);

  /** Tokens of a row, without decoding it. */
  int length(long row);

  /** The columns that this file has, in the order of our own layout. */
  List<String> columns();

  /** Rows of it will be read soon: returns at once. */
  void expect();
}
