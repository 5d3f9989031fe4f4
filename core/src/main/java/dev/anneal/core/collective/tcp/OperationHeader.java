package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.Operation;
import java.nio.ByteBuffer;

/** An operation and its attempt as 28 big-endian bytes, the head of everything on the wire. */
final class OperationHeader {
  static final int BYTES = 2 * Integer.BYTES + 2 * Long.BYTES + Integer.BYTES;

  private OperationHeader() {}

  static void write(ByteBuffer target, int attempt, Operation operation) {
    target.putInt(attempt).putInt(operation.kind().ordinal()).putLong(operation.sequence());
    target.putInt(operation.root()).putLong(operation.length());
  }

  /** Reads a header that must be of this attempt. */
  static Operation read(ByteBuffer source, int attempt) {
    int theirAttempt = source.getInt();
    int kind = source.getInt();
    long sequence = source.getLong();
    int root = source.getInt();
    long length = source.getLong();
    if (theirAttempt != attempt) {
      throw new CollectiveException(
          "Expected a message of attempt " + attempt + " but was of attempt " + theirAttempt);
    }
    Operation.Kind[] kinds = Operation.Kind.values();
    if (kind < 0 || kind >= kinds.length) {
      throw new CollectiveException("Invalid operation on the wire: " + kind);
    }
    return new Operation(sequence, kinds[kind], root, length);
  }
}
