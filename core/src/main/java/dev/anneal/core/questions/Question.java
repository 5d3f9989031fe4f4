package dev.anneal.core.questions;

/**
 * A question with the answer that counts as right.
 *
 * @param id its own name in the file; the line number where the file has none
 * @param fact the fact it asks for; empty when unknown
 * @param language {@code en}, {@code zh}, ...; empty when unknown
 */
public record Question(String id, String fact, String language, String text, String answer) {
  public Question {
    if (text.isBlank()) {
      throw new IllegalArgumentException("Invalid question: empty (must have text)");
    }
    if (ExactMatch.normalize(answer).isEmpty()) {
      throw new IllegalArgumentException("Invalid answer: empty (must have text)");
    }
  }
}
