package dev.anneal.jobs.tokenize.choose;

import dev.anneal.data.config.MixingConfig;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.jobs.corpus.Corpus;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.corpus.FileSlice;
import dev.anneal.jobs.corpus.Mixing;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenize.output.OutputSet;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * What is known of a corpus before its first row is tokenized. Immutable.
 *
 * @param corpus with the weights that are realised
 * @param splits of all passes, in the order of the rows
 * @param steps which rows are taken
 */
public record Preparation(Corpus corpus, List<CorpusSplit> splits, StepsPlan steps) {

  /** Writes the rows of queries, decides which rows are left out, and how often each is taken. */
  public static Preparation of(
      JavaSparkContext spark,
      HadoopFileStore store,
      TokenizeConfig config,
      OutputSet set,
      PlacedCorpus placed)
      throws IOException {
    Corpus corpus = placed.listed().withQueryFiles(store, placed.staging());
    double[] once = new double[corpus.inputs().size()];
    Arrays.fill(once, 1);
    List<CorpusSplit> first = corpus.withWeights(once).splits();
    StepsPlan steps =
        new Decisions(spark, store, config).plan(first, set.name(), set.base(placed.staging()));
    Corpus weighted = corpus.withWeights(epochs(spark, store, config, first, steps));
    List<CorpusSplit> splits = weighted.splits();
    return new Preparation(weighted, splits, steps.withFirstPass(firstPass(splits, first)));
  }

  /** A corpus as it was listed, and the folder for what is made of it. */
  public record PlacedCorpus(Corpus listed, String staging) {}

  private static double[] epochs(
      JavaSparkContext spark,
      HadoopFileStore store,
      TokenizeConfig config,
      List<CorpusSplit> first,
      StepsPlan steps) {
    Mixing mixing = Mixing.of(config);
    return config.mixing().strategy() == MixingConfig.Strategy.PROPORTIONAL
        ? mixing.proportional(
            new KeptText(store, steps).bytes(spark, first, config.inputs().size()))
        : mixing.repeated();
  }

  /** Passes are cut alike, so each split has its like, with the same rows, in one pass over all. */
  private static Map<Integer, Integer> firstPass(
      List<CorpusSplit> splits, List<CorpusSplit> first) {
    Map<String, Integer> byRows = new HashMap<>();
    first.forEach(split -> byRows.put(rows(split), split.index()));
    Map<Integer, Integer> like = new HashMap<>();
    for (CorpusSplit split : splits) {
      int index = byRows.get(rows(split));
      if (index != split.index()) {
        like.put(split.index(), index);
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
