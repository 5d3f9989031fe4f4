package dev.anneal.data.sft;

/** A row without the shape of its format; becomes a {@link MappedRow.Bad}. */
final class RowShapeException extends RuntimeException {
  RowShapeException(String message) {
    super(message);
  }
}
