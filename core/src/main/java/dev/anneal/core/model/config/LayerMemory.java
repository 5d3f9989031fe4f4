package dev.anneal.core.model.config;

import dev.anneal.core.tensor.FloatType;

/**
 * What a decoder layer holds for each token of a micro-batch, in fp32 values. Pure arithmetic over
 * the layer programs' text.
 *
 * @param kept by a forward that keeps its activations, its output included
 * @param output by a forward that keeps its input alone
 * @param working of the backward at its widest, beside what the forward kept
 */
public record LayerMemory(long kept, long output, long working) {
  /** Integers and masks of the dropout of the widest module, in fp32 values a column. */
  private static final long DROPOUT = 8;

  /** Of what a layer's backward works in, {@link #freeBlocks} that may lie beside. */
  private static final long FREE = 5;

  /**
   * Bytes of freed blocks that a rank leaves to the C library beside what is in use: more than that
   * goes back to the system between two layers.
   */
  public static long freeBlocks(DecoderConfig config, long tokens) {
    return FREE * Float.BYTES * tokens * working(config, false);
  }

  /** {@code written_forward} keeps q, attended, k, v, gate, up, the residual, the output. */
  public static LayerMemory written(DecoderConfig config, boolean dropout) {
    long kept =
        2L * config.hiddenSize()
            + 2L * config.intermediateSize()
            + 2L * config.queryWidth()
            + 2L * config.keyValueWidth();
    long beforeNorm =
        config.family().queryKeyNorm() ? config.queryWidth() + config.keyValueWidth() : 0;
    return new LayerMemory(kept + beforeNorm, config.hiddenSize(), working(config, dropout));
  }

  /**
   * The same in those types, still counted in fp32 values. What attention keeps beside its output
   * counts, and the norms' temporaries, which are fp32 in all of them.
   */
  public LayerMemory in(Precision precision, DecoderConfig config) {
    if (!precision.half()) {
      return this;
    }
    long states = 2L * config.hiddenSize();
    long norms = 4L * config.hiddenSize();
    return new LayerMemory(
        values(kept - states, precision.product())
            + values(states, precision.hidden())
            + config.attentionHeads(),
        values(output, precision.hidden()),
        values(working - norms, precision.product()) + norms);
  }

  private static long values(long count, FloatType type) {
    return count * type.bytes() / Float.BYTES;
  }

  /** With outputs of its blocks beside, which a method reads in the backward. */
  public LayerMemory withBlockOutputs(int count, DecoderConfig config) {
    return new LayerMemory(kept + count * config.hiddenSize(), output, working);
  }

  /** The tensors that libtorch's graphs of {@code layer_forward} keep. */
  public static LayerMemory autograd(DecoderConfig config, boolean dropout) {
    // both norms: scaled and normed; the residual and the output
    long hidden = 6L * config.hiddenSize();
    // gate, its silu, up, and their product
    long feedForward = 4L * config.intermediateSize();
    long heads = 2L * config.queryWidth() + 2L * config.keyValueWidth();
    long beforeNorm =
        config.family().queryKeyNorm() ? 3L * (config.queryWidth() + config.keyValueWidth()) : 0;
    // mask and masked input of seven modules
    long masks =
        dropout
            ? 2L * (5L * config.hiddenSize() + config.queryWidth() + config.intermediateSize())
            : 0;
    return new LayerMemory(
        hidden + feedForward + heads + beforeNorm + masks,
        config.hiddenSize(),
        working(config, dropout));
  }

  /** silu(gate), its product with up, and a gradient of that width; a few of the hidden width. */
  private static long working(DecoderConfig config, boolean dropout) {
    long widest = Math.max(config.intermediateSize(), config.queryWidth());
    return (3 + (dropout ? DROPOUT : 0)) * widest + 4L * config.hiddenSize();
  }
}
