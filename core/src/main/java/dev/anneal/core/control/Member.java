package dev.anneal.core.control;

/** A rank of one attempt of the run. Immutable. */
public record Member(int attempt, int rank) {
  @Override
  public String toString() {
    return "rank " + rank + " of attempt " + attempt;
  }
}
