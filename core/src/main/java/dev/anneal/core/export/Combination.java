package dev.anneal.core.export;

/** How adapters become one, by PEFT's names of {@code combination_type}. */
public enum Combination {
  /** A and B are summed each for itself, times √(weight · scaling): rough, at the parts' rank. */
  LINEAR,
  /** One after the other: the weighted sum of the changes itself, at the sum of the ranks. */
  CAT,
  /** The largest singular values of the weighted sum of the changes. */
  SVD
}
