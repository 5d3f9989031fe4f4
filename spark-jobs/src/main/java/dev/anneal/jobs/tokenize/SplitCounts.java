package dev.anneal.jobs.tokenize;

import java.io.Serializable;

/** What a split, an input or a corpus gave; adds up. */
record SplitCounts(
    long samples, long tokens, long empty, long overlong, long noTarget, long truncated, long bad)
    implements Serializable {
  static final SplitCounts ZERO = new SplitCounts(0, 0, 0, 0, 0, 0, 0);

  SplitCounts plus(SplitCounts other) {
    return new SplitCounts(
        samples + other.samples,
        tokens + other.tokens,
        empty + other.empty,
        overlong + other.overlong,
        noTarget + other.noTarget,
        truncated + other.truncated,
        bad + other.bad);
  }

  /** All rows that were looked at. */
  long rows() {
    return samples + empty + overlong + noTarget + bad;
  }

  static SplitCounts of(EncodedSample sample) {
    if (sample instanceof EncodedSample.Tokens tokens) {
      return new SplitCounts(1, tokens.ids().length, 0, 0, 0, tokens.truncated() ? 1 : 0, 0);
    }
    if (sample instanceof EncodedSample.Skipped skipped) {
      return switch (skipped.reason()) {
        case EMPTY -> new SplitCounts(0, 0, 1, 0, 0, 0, 0);
        case OVERLONG -> new SplitCounts(0, 0, 0, 1, 0, 0, 0);
        case NO_TARGET -> new SplitCounts(0, 0, 0, 0, 1, 0, 0);
      };
    }
    return new SplitCounts(0, 0, 0, 0, 0, 0, 1);
  }
}
