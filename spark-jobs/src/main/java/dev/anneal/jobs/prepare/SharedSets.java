package dev.anneal.jobs.prepare;

import dev.anneal.jobs.task.JavaBytes;
import java.io.Serializable;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;

/**
 * Evaluation sets on executors: carried once to each, unpacked once a task. Travels as bytes, since
 * users may set a serializer that does not know records. Thread-safe.
 */
final class SharedSets implements Serializable {
  private static final long serialVersionUID = 1L;

  private final Broadcast<byte[]> bytes;
  private transient EvaluationSets sets;

  private SharedSets(Broadcast<byte[]> bytes) {
    this.bytes = bytes;
  }

  static SharedSets of(SparkSession spark, EvaluationSets sets) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    return new SharedSets(context.broadcast(JavaBytes.of(sets)));
  }

  /** Name of the first set that a text shares an n-gram with. */
  Optional<String> contaminates(String text) {
    EvaluationSets unpacked = sets();
    return unpacked.grams().contaminatedBy(text).stream()
        .mapToObj(unpacked.names()::get)
        .findFirst();
  }

  private synchronized EvaluationSets sets() {
    if (sets == null) {
      sets = JavaBytes.to(EvaluationSets.class, bytes.value());
    }
    return sets;
  }
}
