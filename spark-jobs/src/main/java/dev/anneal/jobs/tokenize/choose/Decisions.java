package dev.anneal.jobs.tokenize.choose;

import dev.anneal.core.config.Redaction;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.Sha256;
import dev.anneal.data.config.DedupConfig;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.corpus.RowAddress;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.prepare.DocumentSteps;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.ForeachPartitionFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the plan of the steps before tokenizing. Where one needs the whole corpus (duplicates,
 * contamination) a pass over it decides for every row, and leaves the decisions in files that the
 * tokenizing tasks read. A run after a killed one takes them as they are. Runs on the driver.
 */
public final class Decisions {
  private static final Logger LOG = LoggerFactory.getLogger(Decisions.class);
  private static final String WHOLE = "whole";

  private final JavaSparkContext spark;
  private final HadoopFileStore store;
  private final TokenizeConfig config;

  public Decisions(JavaSparkContext spark, HadoopFileStore store, TokenizeConfig config) {
    this.spark = spark;
    this.store = store;
    this.config = config;
  }

  /** Whether a step needs all texts before the first one can be tokenized. */
  static boolean needed(TokenizeConfig config) {
    DedupConfig dedup = config.dedup();
    return dedup.exact() || dedup.minhash() || !config.decontaminate().paths().isEmpty();
  }

  /** Whether what is done with a row depends on the rows of other splits. */
  public static boolean compareSplits(TokenizeConfig config) {
    return config.dedup().exact() || config.dedup().minhash();
  }

  /**
   * Decides, in a folder of its own below {@code base}.
   *
   * @param first the splits of one pass over all inputs
   * @param set of {@code tokenize.split}, empty without one
   */
  public StepsPlan plan(List<CorpusSplit> first, String set, String base) throws IOException {
    if (!needed(config)) {
      return new StepsPlan(config, set, "", Map.of());
    }
    DecontaminationSets sets = DecontaminationSets.list(config.decontaminate(), spark, store);
    String key = config.filters() + "\n" + config.dedup() + "\n" + sets.key() + "\n" + first;
    String hash = Sha256.of(key.getBytes(StandardCharsets.UTF_8)).substring(0, 16);
    String folder = FileStore.join(base, "decisions-" + hash);
    String marker = FileStore.join(folder, WHOLE);
    if (!store.exists(marker)) {
      LOG.info("output={} deciding which rows to leave out", Redaction.text(config.output()));
      spark.sc().setJobDescription("decide which rows to leave out");
      store.delete(folder);
      try (DocumentSteps steps = new DocumentSteps(config.filters(), config.dedup(), sets.read())) {
        write(steps.drops(new CorpusTexts(store, config).read(spark, first)), folder);
      }
      store.writeBytes(marker, new byte[0]);
    }
    return new StepsPlan(config, set, folder, Map.of());
  }

  private void write(Dataset<Row> drops, String folder) {
    HadoopFileStore files = store;
    ForeachPartitionFunction<Row> writer = rows -> new Writer(files, folder, rows).run();
    int splitShift = Long.numberOfTrailingZeros(new RowAddress(1, 0, 0).id());
    drops
        .repartition(functions.shiftrightunsigned(functions.col(DocumentSteps.ID), splitShift))
        .sortWithinPartitions(DocumentSteps.ID)
        .foreachPartition(writer);
  }

  /** Writes the rows of a partition, sorted by their ids, into the files of their splits. */
  private static final class Writer {
    private final HadoopFileStore store;
    private final String folder;
    private final Iterator<Row> rows;
    private Optional<Row> next = Optional.empty();

    Writer(HadoopFileStore store, String folder, Iterator<Row> rows) {
      this.store = store;
      this.folder = folder;
      this.rows = rows;
    }

    void run() throws IOException {
      advance();
      while (next.isPresent()) {
        int split = splitOfNext();
        store.write(
            SplitDecisions.path(folder, split),
            stream -> {
              DataOutputStream out = new DataOutputStream(new BufferedOutputStream(stream));
              while (next.isPresent() && splitOfNext() == split) {
                SplitDecisions.write(out, next.get().getLong(0), next.get().getString(1));
                advance();
              }
              out.flush();
            });
      }
    }

    private int splitOfNext() {
      return RowAddress.of(next.orElseThrow().getLong(0)).split();
    }

    private void advance() {
      next = rows.hasNext() ? Optional.of(rows.next()) : Optional.empty();
    }
  }
}
