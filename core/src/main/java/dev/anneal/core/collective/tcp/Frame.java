package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.Operation;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * One message of the star: payload length, type, operation header, payload.
 *
 * @param operation what the sender is in, or was in last
 */
record Frame(Type type, Operation operation, byte[] payload) {
  static final int HEADER_BYTES = Integer.BYTES + 1 + OperationHeader.BYTES;

  /** Most bytes a rank may give to one small operation. */
  static final int MAX_GIVEN_BYTES = 16 << 20;

  private static final byte[] NO_PAYLOAD = {};

  /** The order is part of the wire format. */
  enum Type {
    /** A rank begins an operation of the ring. */
    ENTER,
    /** A rank's part of a small operation. */
    GIVE,
    /** Every rank's part of a small operation, from rank 0. */
    TAKE,
    /** A rank reports a failure to rank 0. */
    FAIL,
    /** A rank reports to rank 0 that nothing moves in an operation of the ring. */
    STALLED,
    /** Rank 0 tells why the group failed. */
    VERDICT,
    /** A rank closes in good order. */
    BYE,
    /** The sender's process lives, whatever its rank does. */
    ALIVE
  }

  static Frame bare(Type type, Operation operation) {
    return new Frame(type, operation, NO_PAYLOAD);
  }

  static Frame text(Type type, Operation operation, String text) {
    return new Frame(type, operation, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Why a rank, or the group, failed: one byte of outlook, then the reason. */
  static Frame failure(Type type, Operation operation, GroupFailure failure) {
    byte[] reason = failure.reason().getBytes(StandardCharsets.UTF_8);
    ByteBuffer payload = ByteBuffer.allocate(1 + reason.length);
    payload.put((byte) failure.outlook().ordinal()).put(reason);
    return new Frame(type, operation, payload.array());
  }

  GroupFailure failure() {
    GroupFailure.Outlook[] outlooks = GroupFailure.Outlook.values();
    if (payload.length == 0 || payload[0] < 0 || payload[0] >= outlooks.length) {
      throw new CollectiveException("Invalid message of a failure");
    }
    String reason = new String(payload, 1, payload.length - 1, StandardCharsets.UTF_8);
    return new GroupFailure(outlooks[payload[0]], reason);
  }

  String text() {
    return new String(payload, StandardCharsets.UTF_8);
  }

  ByteBuffer encode(int attempt) {
    ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + payload.length);
    bytes.putInt(payload.length).put((byte) type.ordinal());
    OperationHeader.write(bytes, attempt, operation);
    return bytes.put(payload).flip();
  }
}
