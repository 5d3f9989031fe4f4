package dev.anneal.jobs.tokenize;

/** Why a sound row gives no tokens; the names stand in the report. */
enum SkipReason {
  /** No text in it. */
  EMPTY,
  /** Longer than a row, with {@code overlong = drop}. */
  OVERLONG,
  /** Nothing to learn is left after truncation. */
  NO_TARGET
}
