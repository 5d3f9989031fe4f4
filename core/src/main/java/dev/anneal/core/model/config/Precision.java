package dev.anneal.core.model.config;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.config.TrainConfig;
import dev.anneal.core.tensor.FloatType;
import java.io.Serializable;

/**
 * The types a model computes in. Norms, angles, softmax and losses are fp32 whatever these are, and
 * so is what is trained: it is rounded where a product reads it. Immutable.
 *
 * @param hidden of the states between layers
 * @param product of what matrix products read and give, and of frozen matrices
 */
public record Precision(FloatType hidden, FloatType product) implements Serializable {
  public static final Precision FULL = new Precision(FloatType.FLOAT32, FloatType.FLOAT32);

  public Precision {
    if (hidden != FloatType.FLOAT32 && hidden != product) {
      throw new IllegalArgumentException(
          "Invalid types: products in " + product + " between states in " + hidden);
    }
  }

  /**
   * By model.dtype, the type of weights and states, and train.bf16 or train.fp16, that of products.
   */
  public static Precision of(ModelConfig model, TrainConfig train) {
    FloatType dtype =
        switch (model.dtype()) {
          case AUTO, FLOAT32 -> FloatType.FLOAT32;
          case BFLOAT16 -> FloatType.BFLOAT16;
          case FLOAT16 -> FloatType.FLOAT16;
        };
    boolean bf16 = train.bf16() == TrainConfig.Bf16.TRUE;
    requireAgreement("train.bf16", bf16, dtype, FloatType.FLOAT16);
    requireAgreement("train.fp16", train.fp16(), dtype, FloatType.BFLOAT16);
    if (dtype != FloatType.FLOAT32 || !bf16 && !train.fp16()) {
      return of(dtype);
    }
    return mixed(bf16 ? FloatType.BFLOAT16 : FloatType.FLOAT16);
  }

  private static void requireAgreement(
      String key, boolean set, FloatType dtype, FloatType refused) {
    if (set && dtype == refused) {
      throw new ConfigException(
          "Invalid " + key + ": true (must be false with model.dtype = " + refused.label() + ")");
    }
  }

  /** Weights and states of a type, as transformers' {@code dtype} means it. */
  public static Precision of(FloatType type) {
    return new Precision(type, type);
  }

  /** Products alone in a type, as torch's autocast means it. */
  public static Precision mixed(FloatType product) {
    return new Precision(FloatType.FLOAT32, product);
  }

  /** For people: {@code bfloat16}, or {@code bfloat16 products of float32}. */
  public String label() {
    return hidden == product ? product.label() : product.label() + " products of " + hidden.label();
  }

  /** Whether products are of 16 bits. */
  public boolean half() {
    return product != FloatType.FLOAT32;
  }
}
