package dev.anneal.jobs.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.xxhash64;

import dev.anneal.core.config.ConfigException;
import dev.anneal.data.dedup.Components;
import dev.anneal.data.dedup.Jaccard;
import dev.anneal.data.dedup.MinHash;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/**
 * From sets of n-grams to the ids of the documents that are near duplicates of an earlier one.
 * Documents of equal sets are taken together first, so that a million copies cost what one does.
 */
final class NearDuplicates {
  private static final StructType ID =
      new StructType().add(DocumentSteps.ID, DataTypes.LongType, false);
  private static final int CHUNK = 1 << 16;

  private final MinHashDedup settings;

  NearDuplicates(MinHashDedup settings) {
    this.settings = settings;
  }

  /** Ids to drop; rows have columns id and set. */
  Dataset<Row> of(Dataset<Row> rows) {
    Dataset<Row> sets =
        rows.filter(col(MinHashDedup.SET).isNotNull()).persist(StorageLevel.DISK_ONLY());
    Dataset<Row> equal = equalToEarlier(sets);
    Dataset<Row> different = Dropping.without(sets, DocumentSteps.ID, equal);
    Dataset<Row> near = notLeast(verified(candidates(different), different));
    Dataset<Row> dropped = equal.union(near).persist(StorageLevel.DISK_ONLY());
    dropped.count();
    sets.unpersist();
    return dropped;
  }

  /** Ids of all but the first of each set, told by two hashes of 64 bits. */
  private static Dataset<Row> equalToEarlier(Dataset<Row> sets) {
    Dataset<Row> keys =
        sets.select(
            col(DocumentSteps.ID),
            xxhash64(col(MinHashDedup.SET)).as("one"),
            xxhash64(lit(1), col(MinHashDedup.SET)).as("two"));
    Dataset<Row> firsts =
        keys.groupBy("one", "two")
            .agg(min(DocumentSteps.ID).as("first"), count(lit(1)).as("times"))
            .filter(col("times").gt(1));
    return keys.join(
            firsts,
            keys.col("one")
                .equalTo(firsts.col("one"))
                .and(keys.col("two").equalTo(firsts.col("two"))))
        .filter(col(DocumentSteps.ID).gt(col("first")))
        .select(DocumentSteps.ID);
  }

  /** Pairs of ids that share the key of a band. */
  private Dataset<Row> candidates(Dataset<Row> sets) {
    MinHashDedup used = settings;
    FlatMapFunction<Row, Row> bands =
        row -> {
          long[] set = LongBytes.longs(row.getAs(MinHashDedup.SET));
          long[] keys = new MinHash(used.bands()).bandKeys(set);
          List<Row> made = new ArrayList<>(keys.length);
          for (int band = 0; band < keys.length; band++) {
            long other = keys[(band + 1) % keys.length];
            made.add(
                RowFactory.create(
                    keys[band], other, row.<Long>getAs(DocumentSteps.ID), set.length));
          }
          return made.iterator();
        };
    MapPartitionsFunction<Row, Row> pairs = rows -> new BucketPairs(rows, used.threshold());
    return sets.flatMap(bands, Encoders.row(BucketPairs.BAND))
        .repartition(col("key"))
        .sortWithinPartitions("key", "other", DocumentSteps.ID)
        .mapPartitions(pairs, Encoders.row(BucketPairs.PAIR))
        .distinct();
  }

  /** The pairs whose exact Jaccard reaches the threshold. */
  private Dataset<Row> verified(Dataset<Row> pairs, Dataset<Row> sets) {
    double threshold = settings.threshold();
    UDF2<byte[], byte[], Boolean> similar =
        (one, two) -> Jaccard.of(LongBytes.longs(one), LongBytes.longs(two)) >= threshold;
    Dataset<Row> ones =
        sets.select(col(DocumentSteps.ID).as("one"), col(MinHashDedup.SET).as("set_one"));
    Dataset<Row> twos =
        sets.select(col(DocumentSteps.ID).as("two"), col(MinHashDedup.SET).as("set_two"));
    return pairs
        .join(ones, "one")
        .join(twos, "two")
        .filter(udf(similar, DataTypes.BooleanType).apply(col("set_one"), col("set_two")))
        .select("one", "two");
  }

  /** Ids of all but the least of each connected component, found on the driver. */
  private static Dataset<Row> notLeast(Dataset<Row> edges) {
    long most = Runtime.getRuntime().maxMemory() / 2 / Components.bytes(1);
    Components components = new Components(Math.min(most, 1L << 29));
    Iterator<Row> pairs = edges.toLocalIterator();
    while (pairs.hasNext()) {
      Row pair = pairs.next();
      if (!components.join(pair.getLong(0), pair.getLong(1))) {
        throw new ConfigException(
            "Cannot find near duplicates: more than %d documents have one (the driver's memory holds"
                    .formatted(most)
                + " no more; raise spark.driver.memory, or tokenize.dedup.threshold)");
      }
    }
    List<long[]> chunks = chunks(components);
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(edges.sparkSession().sparkContext());
    int slices = Math.max(1, chunks.size());
    return edges
        .sparkSession()
        .createDataFrame(spark.parallelize(chunks, slices).flatMap(NearDuplicates::rows), ID);
  }

  private static List<long[]> chunks(Components components) {
    long[] ids = components.others();
    List<long[]> chunks = new ArrayList<>();
    for (int from = 0; from < ids.length; from += CHUNK) {
      chunks.add(java.util.Arrays.copyOfRange(ids, from, Math.min(ids.length, from + CHUNK)));
    }
    return chunks;
  }

  private static Iterator<Row> rows(long[] ids) {
    List<Row> rows = new ArrayList<>(ids.length);
    for (long id : ids) {
      rows.add(RowFactory.create(id));
    }
    return rows.iterator();
  }
}
