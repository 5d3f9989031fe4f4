package dev.anneal.core.report;

import java.util.List;

/**
 * What several models said to one prompt.
 *
 * @param expected the right answer; empty where there is none
 */
public record GenerationComparison(String prompt, String expected, List<Answer> answers) {

  /** One model's text; the label names the model, as {@code before}. */
  public record Answer(String label, String text) {}

  public GenerationComparison {
    answers = List.copyOf(answers);
  }
}
