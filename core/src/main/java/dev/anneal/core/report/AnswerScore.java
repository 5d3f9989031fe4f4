package dev.anneal.core.report;

/** Right answers out of all; a total of 0 means that it was not measured. */
public record AnswerScore(int correct, int total) {
  public AnswerScore {
    if (correct < 0 || correct > total) {
      throw new IllegalArgumentException(
          "Invalid correct: " + correct + " (must be 0 to " + total + ")");
    }
  }

  /** What stands where nothing was measured. */
  public static AnswerScore notMeasured() {
    return new AnswerScore(0, 0);
  }

  public boolean measured() {
    return total > 0;
  }

  /** Between 0 and 1; NaN when not measured. */
  public double share() {
    return measured() ? (double) correct / total : Double.NaN;
  }

  public AnswerScore plus(AnswerScore other) {
    return new AnswerScore(correct + other.correct, total + other.total);
  }
}
