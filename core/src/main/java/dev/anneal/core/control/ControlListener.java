package dev.anneal.core.control;

/**
 * What the driver does with the ranks' messages. Each rank has its own thread, so that a slow
 * commit for one holds up no other: implementations must be thread-safe.
 */
public interface ControlListener {
  /** A rank has proved who it is. */
  void joined(Member member);

  /**
   * A rank said something. When this returns, a rank that waits gets its {@code Ack}; when it
   * throws, the rank fails with the exception's message.
   */
  void received(Member member, ControlMessage message);

  /** A rank closed the channel in good order. */
  void left(Member member);

  /** A rank's connection broke without a farewell. */
  void lost(Member member, String reason);
}
