package dev.anneal.core.data;

/** A shard folder or file that cannot be read; the message names the file and the reason. */
public final class InvalidShardException extends RuntimeException {
  public InvalidShardException(String message) {
    super(message);
  }

  public InvalidShardException(String message, Throwable cause) {
    super(message, cause);
  }
}
