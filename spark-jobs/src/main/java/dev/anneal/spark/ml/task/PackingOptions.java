package dev.anneal.spark.ml.task;

import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/**
 * How samples become rows; carried out on each partition. Immutable.
 *
 * @param keepTail whether {@code wrapped} keeps its last, short row
 * @param batchSize samples that {@code bfd} arranges at a time
 */
public record PackingOptions(
    String packing,
    int blockSize,
    boolean keepTail,
    int batchSize,
    boolean hasLabels,
    IdType idType)
    implements MapPartitionsFunction<Row, Row> {

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    Samples samples = new Samples(rows, hasLabels);
    return packing.equals("wrapped")
        ? new WrappedIterator(samples, this)
        : new BestFitIterator(samples, this);
  }
}
