package dev.anneal.data.sft;

/** What became of one conversation. */
public sealed interface SftRow permits EncodedRow, SftRow.Dropped, SftRow.Bad {
  /** Why a sound conversation gives no row. */
  enum DropReason {
    /** It has no answer of the assistant, or only empty ones. */
    NO_ANSWER,
    /** It is longer than {@code block_size} and {@code overlong} is {@code drop}. */
    OVERLONG,
    /** No target is left after it was cut to {@code block_size}. */
    NO_TARGET
  }

  /** Left out for a reason that is counted and is no fault. */
  record Dropped(DropReason reason) implements SftRow {}

  /** Cannot be used; the reason says what is wrong in it. */
  record Bad(String reason) implements SftRow {}
}
