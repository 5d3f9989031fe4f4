package dev.anneal.spark.ml.task;

import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;

/** The samples of a partition that hold anything. Confined to one thread. */
public final class Samples implements Iterator<Samples.Sample> {
  /**
   * @param labels as long as the ids; the ids themselves where the input has no labels
   */
  record Sample(int[] ids, int[] labels) {
    Sample first(int length) {
      return new Sample(Arrays.copyOf(ids, length), Arrays.copyOf(labels, length));
    }
  }

  private final Iterator<Row> rows;
  private final boolean hasLabels;
  private Sample ahead = new Sample(new int[0], new int[0]);

  Samples(Iterator<Row> rows, boolean hasLabels) {
    this.rows = rows;
    this.hasLabels = hasLabels;
  }

  @Override
  public boolean hasNext() {
    while (ahead.ids().length == 0 && rows.hasNext()) {
      Row row = rows.next();
      if (!row.isNullAt(0)) {
        ahead = sample(row);
      }
    }
    return ahead.ids().length > 0;
  }

  @Override
  public Sample next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    Sample sample = ahead;
    ahead = new Sample(new int[0], new int[0]);
    return sample;
  }

  private Sample sample(Row row) {
    int[] ids = IdType.read(row, 0);
    if (!hasLabels) {
      return new Sample(ids, ids);
    }
    int[] labels = row.isNullAt(1) ? new int[0] : IdType.read(row, 1);
    if (labels.length != ids.length) {
      throw new IllegalArgumentException(
          "Invalid labels: %d (expected %d as input_ids)".formatted(labels.length, ids.length));
    }
    return new Sample(ids, labels);
  }
}
