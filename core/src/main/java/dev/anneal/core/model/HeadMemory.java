package dev.anneal.core.model;

import dev.anneal.core.model.config.DecoderConfig;

/** What the head holds of its logits and of its matrix. Pure arithmetic. */
public final class HeadMemory {
  /** Just under 32 MB, above which glibc maps every chunk's memory anew. */
  private static final long LOGITS_PER_CHUNK = 7L << 20;

  private static final long MIN_CHUNK_ROWS = 128;
  private static final long OUTER_ROWS = 1024;
  private static final long OUTER_VALUES = 4L << 20;

  private HeadMemory() {}

  /** Most rows whose logits lie in memory at once. */
  public static long chunkRows(long vocabularySize) {
    return Math.max(MIN_CHUNK_ROWS, LOGITS_PER_CHUNK / vocabularySize);
  }

  /** Values of a trained output matrix's gradient that a chunk is added by, as add_outer_ does. */
  public static long gradientAtOnce(DecoderConfig config) {
    long rows = Math.max(OUTER_ROWS, OUTER_VALUES / config.hiddenSize());
    return Math.min(rows, config.vocabSize()) * config.hiddenSize();
  }

  /** Values of the second copy that training keeps of a frozen output matrix; 0 for none. */
  public static long frozenCopy(DecoderConfig config) {
    long elements = (long) config.vocabSize() * config.hiddenSize();
    return OutputHead.copied(elements, MatrixProducts.ofThisHost()) ? elements : 0;
  }
}
