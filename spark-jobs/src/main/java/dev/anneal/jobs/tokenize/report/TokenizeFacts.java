package dev.anneal.jobs.tokenize.report;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.tokenize.TokenizerEngine;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import dev.anneal.jobs.tokenize.tally.Phase;
import dev.anneal.jobs.tokenize.tally.SplitCounts;
import dev.anneal.jobs.tokenize.tally.SplitStats;
import dev.anneal.jobs.tokenize.write.WrittenShard;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * What a finished run knows about itself, for its reports.
 *
 * @param droppedTokens tokens that no row holds
 * @param engine what turned text into ids, and why
 */
public record TokenizeFacts(
    ShardManifest manifest,
    TokenizeConfig config,
    List<InputCounts> inputs,
    long droppedTokens,
    TokenizerEngine engine,
    Timings timings,
    List<StagedSplit> staged,
    List<WrittenShard> written) {
  /**
   * Wall-clock times.
   *
   * @param elapsed from the start of the job to its last word
   * @param tokenizing of the first phase, all splits
   * @param writing of the second, all shards
   */
  public record Timings(Duration elapsed, Duration tokenizing, Duration writing) {}

  SplitCounts counts() {
    return inputs.stream().map(InputCounts::counts).reduce(SplitCounts.ZERO, SplitCounts::plus);
  }

  SplitStats stats() {
    return inputs.stream().map(InputCounts::stats).reduce(SplitStats.zero(), SplitStats::plus);
  }

  /** Time that tasks spent in this run: an earlier run's splits are not in it. */
  double taskSeconds() {
    return writeSeconds() + Arrays.stream(phaseSeconds()).sum();
  }

  /** Tokens of the splits that this run made for each second of a task. */
  double tokensPerSecondPerCore() {
    long tokens =
        staged.stream().filter(s -> !s.reused()).mapToLong(s -> s.counts().tokens()).sum();
    return taskSeconds() > 0 ? tokens / taskSeconds() : 0;
  }

  /** Seconds of each split that this run made, in ascending order. */
  double[] splitSeconds() {
    return staged.stream()
        .filter(split -> !split.reused())
        .mapToDouble(split -> split.stats().totalNanos() / 1e9)
        .sorted()
        .toArray();
  }

  /** Seconds of tasks by phase, in the order of {@link Phase}. */
  double[] phaseSeconds() {
    double[] seconds = new double[Phase.values().length];
    for (StagedSplit split : staged) {
      for (int i = 0; i < seconds.length; i++) {
        seconds[i] += split.reused() ? 0 : split.stats().nanos()[i] / 1e9;
      }
    }
    return seconds;
  }

  double writeSeconds() {
    return written.stream().mapToLong(WrittenShard::nanos).sum() / 1e9;
  }

  double bytesPerToken() {
    return counts().tokens() == 0 ? 0 : (double) stats().textBytes() / counts().tokens();
  }

  /** What a trainer that fills up every row to the block size would add, as a share of all. */
  double paddingShare() {
    ShardManifest.Counts rows = rows();
    long full = rows.rows() * config.blockSize();
    return full == 0 ? 0 : 1 - (double) rows.tokens() / full;
  }

  /** The counts of a format that holds rows; none where all of them hold documents. */
  private ShardManifest.Counts rows() {
    if (!manifest.shards().isEmpty()) {
      return manifest.counts();
    }
    return manifest.outputs().stream()
        .filter(output -> output.format().equals("parquet") || output.format().equals("mds"))
        .map(ShardManifest.Output::counts)
        .findFirst()
        .orElse(ShardManifest.Counts.ZERO);
  }
}
