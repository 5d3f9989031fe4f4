package dev.anneal.spark.ml.task;

import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * Rows cut every block size from samples one after another, holding one sample and one row at a
 * time. Confined to one thread.
 */
final class WrappedIterator implements Iterator<Row> {
  private final Samples samples;
  private final PackingOptions options;
  private final int[] ids;
  private final int[] labels;
  private int filled;
  private Samples.Sample sample = new Samples.Sample(new int[0], new int[0]);
  private int used;

  WrappedIterator(Samples samples, PackingOptions options) {
    this.samples = samples;
    this.options = options;
    this.ids = new int[options.blockSize()];
    this.labels = new int[options.blockSize()];
  }

  @Override
  public boolean hasNext() {
    while (filled < ids.length && (used < sample.ids().length || samples.hasNext())) {
      if (used == sample.ids().length) {
        sample = samples.next();
        used = 0;
      }
      int length = Math.min(ids.length - filled, sample.ids().length - used);
      System.arraycopy(sample.ids(), used, ids, filled, length);
      System.arraycopy(sample.labels(), used, labels, filled, length);
      used += length;
      filled += length;
    }
    return filled == ids.length || (filled > 0 && options.keepTail());
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    IdType type = options.idType();
    Object row = type.column(Arrays.copyOf(ids, filled));
    Object rowLabels = type.column(Arrays.copyOf(labels, filled));
    filled = 0;
    return options.hasLabels() ? RowFactory.create(row, rowLabels) : RowFactory.create(row);
  }
}
