package dev.anneal.core.data;

import java.util.List;
import java.util.Optional;

/**
 * A shard that lies elsewhere. The manifest tells its rows before it is there; without one, its
 * headers do, read by ranges. The first row that is read has it fetched. Thread-safe.
 */
final class FetchedShard implements Shard {
  private final OpenShards open;
  private final String file;
  private final Optional<PromisedShard> promised;
  private final long rowCount;
  private final List<String> columns;
  private Optional<RowLengths> lengths = Optional.empty();

  private FetchedShard(
      OpenShards open,
      String file,
      Optional<PromisedShard> promised,
      long rowCount,
      List<String> columns) {
    this.open = open;
    this.file = file;
    this.promised = promised;
    this.rowCount = rowCount;
    this.columns = List.copyOf(columns);
  }

  static FetchedShard of(OpenShards open, String file, Optional<PromisedShard> promised) {
    if (promised.isPresent()) {
      PromisedShard known = promised.get();
      long rows = known.file().counts().rows();
      return new FetchedShard(open, file, promised, rows, known.columns());
    }
    return open.withHeaders(
        file,
        headers -> new FetchedShard(open, file, promised, headers.rowCount(), headers.columns()));
  }

  String file() {
    return file;
  }

  Optional<String> sha256() {
    return promised.map(known -> known.file().sha256());
  }

  @Override
  public String name() {
    return open.name(file);
  }

  @Override
  public long rowCount() {
    return rowCount;
  }

  @Override
  public TokenRow row(long row) {
    return open.row(this, row);
  }

  @Override
  public int length(long row) {
    return lengths().of(row);
  }

  private synchronized RowLengths lengths() {
    if (lengths.isEmpty()) {
      int uniform = promised.map(PromisedShard::uniformLength).orElse(0);
      lengths = Optional.of(uniform > 0 ? RowLengths.uniform(uniform) : open.lengths(this));
    }
    return lengths.get();
  }

  /** Reads the lengths now rather than at the first question. */
  void prepareLengths() {
    lengths();
  }

  @Override
  public List<String> columns() {
    return columns;
  }

  @Override
  public void expect() {
    open.expect(this);
  }
}
