package dev.anneal.core.model;

import dev.anneal.core.model.weights.ParameterSpec;
import java.util.Arrays;
import java.util.List;

/**
 * Trained vectors that stand before every sample, each packed one too. Immutable.
 *
 * @param place where they enter the model
 * @param count how many stand before a sample
 * @param parameters what is trained of them
 * @param source the TorchScript method {@code virtual_tokens(self, w) -> Tensor}: the vectors,
 *     [count, width], from the parameters, which {@code w} holds by their names. The width is the
 *     hidden size, or with {@link Place#ATTENTION} that of all layers' keys and values
 */
public record VirtualTokens(Place place, int count, List<ParameterSpec> parameters, String source) {
  /** Where virtual tokens enter the model. */
  public enum Place {
    /** Rows of the embedding's output: every layer computes them as it does other tokens. */
    INPUT,
    /**
     * Keys and values of every layer, seen as [count, 2 · layers, key-value heads, head width]: the
     * keys of layer l at 2l, its values at 2l + 1. Keys are taken as they are, not rotated; tokens
     * take the positions from {@code count} on.
     */
    ATTENTION
  }

  public VirtualTokens {
    if (count <= 0) {
      throw new IllegalArgumentException("Invalid virtual tokens: " + count + " (must be > 0)");
    }
    if (parameters.isEmpty()) {
      throw new IllegalArgumentException("Invalid virtual tokens: no parameters");
    }
    parameters = List.copyOf(parameters);
  }

  /** How many rows longer each sample gets. */
  public int rows() {
    return place == Place.INPUT ? count : 0;
  }

  /** How many keys and values stand before each sample's own, in every layer. */
  int prefix() {
    return place == Place.ATTENTION ? count : 0;
  }

  /** The sample rows of a micro-batch with these tokens before each sample. */
  MicroBatch before(MicroBatch batch) {
    return place == Place.INPUT ? withRows(batch) : withLaterPositions(batch);
  }

  private MicroBatch withLaterPositions(MicroBatch batch) {
    long[] positions = batch.positionIds().clone();
    for (int i = 0; i < positions.length; i++) {
      positions[i] += count;
    }
    return new MicroBatch(
        batch.tokenIds(),
        positions,
        batch.sequenceLengths(),
        batch.targetRows(),
        batch.targets(),
        batch.sampleKeys(),
        batch.firstLabels());
  }

  /** The last virtual token predicts the sample's first. */
  private MicroBatch withRows(MicroBatch batch) {
    int samples = batch.sequenceLengths().length;
    int total = batch.tokenCount() + samples * count;
    long[] ids = new long[total];
    long[] positions = new long[total];
    long[] lengths = new long[samples];
    long[] rows = new long[batch.targetCount() + samples];
    long[] targets = new long[rows.length];
    int from = 0;
    int at = 0;
    int seen = 0;
    int kept = 0;
    for (int s = 0; s < samples; s++) {
      int length = (int) batch.sequenceLengths()[s];
      int to = at + count;
      System.arraycopy(batch.tokenIds(), from, ids, to, length);
      lengths[s] = (long) count + length;
      for (int i = 0; i < lengths[s]; i++) {
        positions[at + i] = i;
      }
      if (batch.firstLabels()[s] >= 0) {
        rows[kept] = to - 1;
        targets[kept++] = batch.firstLabels()[s];
      }
      while (seen < batch.targetCount() && batch.targetRows()[seen] < from + length) {
        rows[kept] = batch.targetRows()[seen] - from + to;
        targets[kept++] = batch.targets()[seen++];
      }
      from += length;
      at = to + length;
    }
    return new MicroBatch(
        ids,
        positions,
        lengths,
        Arrays.copyOf(rows, kept),
        Arrays.copyOf(targets, kept),
        batch.sampleKeys(),
        batch.firstLabels());
  }

  /** Where the tokens of a micro-batch lie once it has virtual tokens, [N]. */
  long[] rowsOf(MicroBatch batch) {
    long[] moved = new long[batch.tokenCount()];
    int at = 0;
    for (int s = 0; s < batch.sequenceLengths().length; s++) {
      for (int i = 0; i < batch.sequenceLengths()[s]; i++, at++) {
        moved[at] = at + (s + 1L) * rows();
      }
    }
    return moved;
  }
}
