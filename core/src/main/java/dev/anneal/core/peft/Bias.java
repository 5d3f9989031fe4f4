package dev.anneal.core.peft;

/** Which biases of the base model are trained with an adapter. */
public enum Bias {
  NONE,
  /** Every bias of the model. */
  ALL,
  /** Those of the adapted modules. */
  LORA_ONLY
}
