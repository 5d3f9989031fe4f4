package dev.anneal.core.model.config;

import java.util.List;

/**
 * The shape of a decoder, as its {@code config.json} and the family's defaults give it. Immutable.
 *
 * @param layers {@code num_hidden_layers}
 * @param keyValueHeads {@code num_key_value_heads}; divides {@code attentionHeads}
 * @param headDim size of a head; may differ from hidden size over heads
 * @param storageType dtype of the stored weights as config.json names it ({@code float32}, ...)
 * @param bosTokenIds one id or none
 * @param eosTokenIds any number of ids
 */
public record DecoderConfig(
    DecoderFamily family,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int attentionHeads,
    int keyValueHeads,
    int headDim,
    int maxPositionEmbeddings,
    double rmsNormEps,
    double initializerRange,
    boolean tieWordEmbeddings,
    double ropeTheta,
    RopeScaling ropeScaling,
    String storageType,
    List<Integer> bosTokenIds,
    List<Integer> eosTokenIds) {
  public DecoderConfig {
    requirePositive("vocab_size", vocabSize);
    requirePositive("hidden_size", hiddenSize);
    requirePositive("intermediate_size", intermediateSize);
    requirePositive("num_hidden_layers", layers);
    requirePositive("num_attention_heads", attentionHeads);
    requirePositive("num_key_value_heads", keyValueHeads);
    requirePositive("head_dim", headDim);
    requirePositive("max_position_embeddings", maxPositionEmbeddings);
    requirePositive("rms_norm_eps", rmsNormEps);
    requirePositive("rope_theta", ropeTheta);
    if (!(initializerRange >= 0)) {
      throw new IllegalArgumentException(
          "Invalid initializer_range: " + initializerRange + " (must be >= 0)");
    }
    if (headDim % 2 != 0) {
      throw new IllegalArgumentException("Invalid head_dim: " + headDim + " (must be even)");
    }
    if (attentionHeads % keyValueHeads != 0) {
      throw new IllegalArgumentException(
          "Invalid num_key_value_heads: "
              + keyValueHeads
              + " (must divide num_attention_heads "
              + attentionHeads
              + ")");
    }
    bosTokenIds = List.copyOf(bosTokenIds);
    eosTokenIds = List.copyOf(eosTokenIds);
  }

  private static void requirePositive(String key, double value) {
    if (!(value > 0)) {
      String shown =
          value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
      throw new IllegalArgumentException("Invalid " + key + ": " + shown + " (must be > 0)");
    }
  }

  /** Width of all query heads together. */
  public int queryWidth() {
    return attentionHeads * headDim;
  }

  /** Width of all key (or value) heads together. */
  public int keyValueWidth() {
    return keyValueHeads * headDim;
  }

  /** {@code headDim / 2} inverse frequencies of the rotary embedding. */
  public float[] inverseFrequencies() {
    return RotaryFrequencies.inverse(ropeTheta, ropeScaling, headDim);
  }

  /** Number of weights, tied embeddings counted once. */
  public long parameterCount() {
    return WeightNames.expected(this).stream().mapToLong(weight -> weight.shape().elements()).sum();
  }

  /** The same shape, with an output matrix of its own. */
  public DecoderConfig withOwnHead() {
    return copy(vocabSize, false, storageType);
  }

  /** The same shape, with weights stored in another type. */
  public DecoderConfig withStorageType(String type) {
    return copy(vocabSize, tieWordEmbeddings, type);
  }

  /** The same shape, with embeddings and an output matrix of so many rows. */
  public DecoderConfig withVocabSize(int rows) {
    return copy(rows, tieWordEmbeddings, storageType);
  }

  private DecoderConfig copy(int rows, boolean tied, String type) {
    return new DecoderConfig(
        family,
        rows,
        hiddenSize,
        intermediateSize,
        layers,
        attentionHeads,
        keyValueHeads,
        headDim,
        maxPositionEmbeddings,
        rmsNormEps,
        initializerRange,
        tied,
        ropeTheta,
        ropeScaling,
        type,
        bosTokenIds,
        eosTokenIds);
  }
}
