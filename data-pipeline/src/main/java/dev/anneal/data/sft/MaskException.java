package dev.anneal.data.sft;

/**
 * The cause of the error that refuses rows of which nothing, or everything, is a target: whoever
 * reports that error can show one of them.
 */
public final class MaskException extends RuntimeException {
  MaskException(String message) {
    super(message);
  }
}
