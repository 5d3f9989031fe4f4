package dev.anneal.spark.ml.task;

import dev.anneal.data.pack.BestFitRows;
import dev.anneal.data.pack.PackedRow;
import dev.anneal.data.pack.Piece;
import dev.anneal.data.pack.RowPacker;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Rows by best fit decreasing, a batch of samples at a time. Confined to one thread. */
final class BestFitIterator implements Iterator<Row> {
  private final Samples samples;
  private final PackingOptions options;
  private final RowPacker packer;
  private final Deque<Row> packed = new ArrayDeque<>();

  BestFitIterator(Samples samples, PackingOptions options) {
    this.samples = samples;
    this.options = options;
    this.packer =
        options.packing().equals("bfd_split")
            ? BestFitRows.splitting(options.blockSize())
            : BestFitRows.whole(options.blockSize());
  }

  @Override
  public boolean hasNext() {
    if (packed.isEmpty() && samples.hasNext()) {
      packBatch();
    }
    return !packed.isEmpty();
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return packed.removeFirst();
  }

  private void packBatch() {
    List<Samples.Sample> batch = new ArrayList<>();
    while (batch.size() < options.batchSize() && samples.hasNext()) {
      Samples.Sample sample = samples.next();
      boolean cut = !packer.splitsLongSamples() && sample.ids().length > options.blockSize();
      batch.add(cut ? sample.first(options.blockSize()) : sample);
    }
    int[] lengths = batch.stream().mapToInt(sample -> sample.ids().length).toArray();
    for (PackedRow row : packer.pack(lengths)) {
      packed.add(row(batch, row));
    }
  }

  private Row row(List<Samples.Sample> batch, PackedRow row) {
    int[] ids = new int[row.length()];
    int[] labels = new int[row.length()];
    int at = 0;
    for (Piece piece : row.pieces()) {
      Samples.Sample sample = batch.get(piece.sample());
      System.arraycopy(sample.ids(), piece.start(), ids, at, piece.length());
      System.arraycopy(sample.labels(), piece.start(), labels, at, piece.length());
      at += piece.length();
    }
    int[] lengths = row.pieces().stream().mapToInt(Piece::length).toArray();
    IdType type = options.idType();
    return options.hasLabels()
        ? RowFactory.create(type.column(ids), type.column(labels), lengths)
        : RowFactory.create(type.column(ids), lengths);
  }
}
