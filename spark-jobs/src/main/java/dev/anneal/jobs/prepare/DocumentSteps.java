package dev.anneal.jobs.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import dev.anneal.data.config.DedupConfig;
import dev.anneal.data.config.FilterConfig;
import dev.anneal.data.filter.FilterChain;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/**
 * Which documents of a corpus are left out, and why: filters, then exact duplicates, near
 * duplicates, contamination. A document that an earlier step leaves out is not seen by a later one;
 * of documents that repeat each other the one with the least id stays. The text is read once, and
 * never travels. Confined to one thread; what it keeps on the executors' disks lives until it is
 * closed.
 */
public final class DocumentSteps implements AutoCloseable {
  /** Column with the number of a document, which says which comes first. */
  public static final String ID = "id";

  /** Column with the text of a document. */
  public static final String TEXT = "text";

  /** Column that says why a document is left out. */
  public static final String REASON = "reason";

  public static final String EXACT = "exact_duplicate";
  public static final String NEAR = "near_duplicate";

  /** Before the name of a set. */
  public static final String CONTAMINATED = "contaminated: ";

  private static final StructType FEATURES =
      new StructType()
          .add(ID, DataTypes.LongType, false)
          .add(REASON, DataTypes.StringType)
          .add("hash", DataTypes.BinaryType)
          .add(MinHashDedup.SET, DataTypes.BinaryType)
          .add(Decontamination.SET, DataTypes.StringType);

  private final FilterChain filters;
  private final DedupConfig dedup;
  private final EvaluationSets sets;
  private final List<Dataset<Row>> persisted = new ArrayList<>();

  public DocumentSteps(FilterConfig filters, DedupConfig dedup, EvaluationSets sets) {
    this.filters = FilterChain.of(filters);
    this.dedup = dedup;
    this.sets = sets;
  }

  /**
   * The documents to leave out, {@link #ID} and {@link #REASON}, each once.
   *
   * @param documents with columns {@link #ID}, different in each, and {@link #TEXT}
   */
  public Dataset<Row> drops(Dataset<Row> documents) {
    Dataset<Row> features = features(documents).persist(StorageLevel.DISK_ONLY());
    persisted.add(features);
    Dataset<Row> drops = features.filter(col(REASON).isNotNull()).select(col(ID), col(REASON));
    Dataset<Row> rest = features.filter(col(REASON).isNull());
    if (dedup.exact()) {
      Dataset<Row> exact = ExactDedup.duplicates(rest.select(ID, "hash"));
      drops = drops.union(exact.withColumn(REASON, lit(EXACT)));
      rest = Dropping.without(rest, ID, exact);
    }
    if (dedup.minhash()) {
      Dataset<Row> near =
          new NearDuplicates(MinHashDedup.of(dedup)).of(rest.select(ID, MinHashDedup.SET));
      persisted.add(near);
      drops = drops.union(near.withColumn(REASON, lit(NEAR)));
      rest = Dropping.without(rest, ID, near);
    }
    Dataset<Row> contaminated =
        rest.filter(col(Decontamination.SET).isNotNull())
            .select(col(ID), col(Decontamination.SET).as(REASON));
    return drops.union(contaminated);
  }

  @Override
  public void close() {
    persisted.forEach(Dataset::unpersist);
    persisted.clear();
  }

  private Dataset<Row> features(Dataset<Row> documents) {
    SharedSets shared = SharedSets.of(documents.sparkSession(), sets);
    FilterChain asked = filters;
    DedupConfig used = dedup;
    MapFunction<Row, Row> made =
        row -> {
          long id = row.<Long>getAs(ID);
          String text = row.getAs(TEXT);
          Optional<String> reason = asked.reject(text);
          if (reason.isPresent()) {
            return RowFactory.create(id, reason.get(), null, null, null);
          }
          return RowFactory.create(
              id,
              null,
              used.exact() ? ExactDedup.hash(text) : null,
              used.minhash() ? MinHashDedup.set(text, used.ngram()) : null,
              shared.contaminates(text).map(CONTAMINATED::concat).orElse(null));
        };
    return documents.map(made, Encoders.row(FEATURES));
  }
}
