package dev.anneal.jobs.tokenize.tally;

/** Why a sound row gives no tokens; the names stand in the report, in lower case. */
public enum SkipReason {
  /** No text in it. */
  EMPTY,
  /** A conversation without an answer of the assistant. */
  NO_ANSWER,
  /** Longer than a row, with {@code overlong = drop}. */
  OVERLONG,
  /** Nothing to learn is left after truncation. */
  NO_TARGET
}
