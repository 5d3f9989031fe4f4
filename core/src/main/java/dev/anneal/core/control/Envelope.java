package dev.anneal.core.control;

/**
 * A message on its way.
 *
 * @param sequence counts the sender's messages from 1
 * @param wantsAnswer whether the sender waits for an {@code Ack} or {@code Refused}
 */
record Envelope(long sequence, boolean wantsAnswer, ControlMessage message) {}
