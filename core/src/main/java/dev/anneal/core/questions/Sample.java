package dev.anneal.core.questions;

/**
 * A prompt that a run answers before and after, to be read.
 *
 * @param answer what counts as right; empty where nothing is scored
 */
public record Sample(String prompt, String answer) {
  public Sample {
    if (prompt.isBlank()) {
      throw new IllegalArgumentException("Invalid prompt: empty (must have text)");
    }
  }

  /** One without an answer. */
  public Sample(String prompt) {
    this(prompt, "");
  }
}
