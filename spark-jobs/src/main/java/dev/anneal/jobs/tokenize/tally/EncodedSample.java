package dev.anneal.jobs.tokenize.tally;

/** What became of one source row. */
public sealed interface EncodedSample {

  /**
   * Tokens to write.
   *
   * @param labels as long as the ids
   * @param truncated whether tokens were cut off to fit a row
   */
  record Tokens(int[] ids, int[] labels, boolean truncated) implements EncodedSample {}

  /**
   * A document whose tokens went to the sink already.
   *
   * @param tokens all of them, at least one
   * @param textBytes UTF-8 bytes of its text
   */
  record Streamed(long tokens, long textBytes) implements EncodedSample {}

  /** Nothing to write, for a reason that is counted and is no fault. */
  record Skipped(SkipReason reason) implements EncodedSample {}

  /** Left out by a step before tokenizing, for a reason that is counted. */
  record Dropped(String reason, String start) implements EncodedSample {}

  /** A row of another set than the one that is written: not counted. */
  record Elsewhere() implements EncodedSample {}

  /** A row that cannot be used, with what is wrong in it. */
  record Bad(String reason) implements EncodedSample {}
}
