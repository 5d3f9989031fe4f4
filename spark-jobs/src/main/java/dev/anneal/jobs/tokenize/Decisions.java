package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.DedupConfig;
import dev.anneal.core.config.TokenizeConfig;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.Sha256;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.prepare.DocumentSteps;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
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
final class Decisions {
  private static final Logger LOG = LoggerFactory.getLogger(Decisions.class);
  private static final String WHOLE = "whole";

  private final JavaSparkContext spark;
  private final HadoopFileStore store;
  private final TokenizeConfig config;

  Decisions(JavaSparkContext spark, HadoopFileStore store, TokenizeConfig config) {
    this.spark = spark;
    this.store = store;
    this.config = config;
  }

  /** Whether a step needs all texts before the first one can be tokenized. */
  static boolean needed(TokenizeConfig config) {
    DedupConfig dedup = config.dedup();
    return dedup.exact() || dedup.minhash() || !config.decontaminate().paths().isEmpty();
  }

  /**
   * Decides, in a folder of its own below {@code base}.
   *
   * @param set of {@code tokenize.split}, empty without one
   */
  StepsPlan plan(List<CorpusSplit> splits, String set, String base) throws IOException {
    if (!needed(config)) {
      return new StepsPlan(config, set, "", Map.of());
    }
    List<CorpusSplit> first = splits.stream().filter(Decisions::isFirstPass).toList();
    EvaluationFiles sets = EvaluationFiles.list(config.decontaminate(), spark, store);
    String key = config.filters() + "\n" + config.dedup() + "\n" + sets.key() + "\n" + first;
    String hash = Sha256.of(key.getBytes(StandardCharsets.UTF_8)).substring(0, 16);
    String folder = FileStore.join(base, "decisions-" + hash);
    String marker = FileStore.join(folder, WHOLE);
    if (!store.exists(marker)) {
      LOG.info("output={} deciding which rows to leave out", config.output());
      store.delete(folder);
      try (DocumentSteps steps = new DocumentSteps(config.filters(), config.dedup(), sets.read())) {
        write(steps.drops(new CorpusTexts(store, config).read(spark, first)), folder);
      }
      store.writeBytes(marker, new byte[0]);
    }
    return new StepsPlan(config, set, folder, firstPass(splits, first));
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

  private static boolean isFirstPass(CorpusSplit split) {
    return split.slices().get(0).pass() == 0;
  }

  /** Passes are cut alike, so each split of a later one has its like in the first. */
  private static Map<Integer, Integer> firstPass(
      List<CorpusSplit> splits, List<CorpusSplit> first) {
    Map<String, Integer> byRows = new HashMap<>();
    first.forEach(split -> byRows.put(rows(split), split.index()));
    Map<Integer, Integer> like = new HashMap<>();
    for (CorpusSplit split : splits) {
      if (!isFirstPass(split)) {
        like.put(split.index(), byRows.get(rows(split)));
      }
    }
    return like;
  }

  private static String rows(CorpusSplit split) {
    StringBuilder rows = new StringBuilder().append(split.input());
    for (FileSlice slice : split.slices()) {
      rows.append('\n').append(slice.file().uri()).append(' ').append(slice.start());
    }
    return rows.toString();
  }
}
