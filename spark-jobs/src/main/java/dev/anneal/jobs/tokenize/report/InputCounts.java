package dev.anneal.jobs.tokenize.report;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.Redaction;
import dev.anneal.data.config.InputConfig;
import dev.anneal.jobs.corpus.Corpus;
import dev.anneal.jobs.corpus.CorpusFile;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.tokenize.output.OutputSet;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import dev.anneal.jobs.tokenize.tally.SplitCounts;
import dev.anneal.jobs.tokenize.tally.SplitStats;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/**
 * What one input gave. Immutable.
 *
 * @param epochs how often its rows were taken
 */
public record InputCounts(
    String path, List<CorpusFile> files, double epochs, SplitCounts counts, SplitStats stats) {
  public InputCounts {
    path = Redaction.text(path);
  }

  /** Adds the splits' counts up by input and refuses an input that gave nothing. */
  public static List<InputCounts> of(
      Corpus corpus, List<CorpusSplit> splits, List<StagedSplit> staged, OutputSet set) {
    EmptyFiles.of(splits, staged).warn();
    List<InputConfig> inputs = corpus.inputs();
    SplitCounts[] sums = new SplitCounts[inputs.size()];
    SplitStats[] stats = new SplitStats[sums.length];
    Arrays.fill(sums, SplitCounts.ZERO);
    Arrays.fill(stats, SplitStats.zero());
    for (int i = 0; i < splits.size(); i++) {
      int input = splits.get(i).input();
      sums[input] = sums[input].plus(staged.get(i).counts());
      stats[input] = stats[input].plus(staged.get(i).stats());
    }
    List<InputCounts> counts = new ArrayList<>();
    for (int i = 0; i < sums.length; i++) {
      String name = inputs.get(i).source();
      counts.add(
          new InputCounts(name, corpus.files().get(i), inputs.get(i).weight(), sums[i], stats[i]));
      if (sums[i].tokens() == 0 && set.holdsMost()) {
        throw new ConfigException(
            "Invalid tokenize.inputs[%d]: %s (gives no tokens: %d rows read%s)"
                .formatted(i, name, sums[i].rows(), why(sums[i])));
      }
    }
    return counts;
  }

  private static String why(SplitCounts counts) {
    StringBuilder why = new StringBuilder();
    new TreeMap<>(counts.skipped())
        .forEach(
            (reason, count) ->
                why.append(", " + count + " " + reason.name().toLowerCase(Locale.ROOT)));
    new TreeMap<>(counts.dropped())
        .forEach((reason, count) -> why.append(", " + count + " dropped: " + reason));
    return why + (counts.bad() > 0 ? ", " + counts.bad() + " bad" : "");
  }
}
