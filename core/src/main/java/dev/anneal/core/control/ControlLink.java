package dev.anneal.core.control;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.function.LongConsumer;

/**
 * One proven connection: four bytes of length, then JSON. One reading thread; {@link #send} from
 * any.
 */
final class ControlLink implements AutoCloseable {
  private static final int MAX_MESSAGE_BYTES = 64 << 20;

  private final SocketChannel channel;
  private final DataInputStream input;
  private final Duration silence;
  private long sequence;

  /** A link on which nothing may come for any time. */
  ControlLink(SocketChannel channel) throws IOException {
    this(channel, Duration.ZERO);
  }

  /**
   * @param silence after which {@link #receive} gives up; zero for never
   */
  ControlLink(SocketChannel channel, Duration silence) throws IOException {
    this.channel = channel;
    this.silence = silence;
    channel.socket().setSoTimeout((int) silence.toMillis());
    this.input = new DataInputStream(new BufferedInputStream(channel.socket().getInputStream()));
  }

  synchronized void send(ControlMessage message) throws IOException {
    sequence++;
    write(new Envelope(sequence, false, message));
  }

  /**
   * Sends a message that wants an answer.
   *
   * @param announce learns the message's number before it leaves
   */
  synchronized void ask(ControlMessage message, LongConsumer announce) throws IOException {
    sequence++;
    announce.accept(sequence);
    write(new Envelope(sequence, true, message));
  }

  private void write(Envelope envelope) throws IOException {
    byte[] json = ControlJson.write(envelope);
    if (json.length > MAX_MESSAGE_BYTES) {
      throw new IllegalArgumentException(
          "Invalid size: " + json.length + " bytes (must be <= " + MAX_MESSAGE_BYTES + ")");
    }
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES + json.length);
    bytes.putInt(json.length).put(json).flip();
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  Envelope receive() throws IOException {
    try {
      return next();
    } catch (SocketTimeoutException e) {
      throw new IOException("no sign of life for " + silence.toMillis() + " ms", e);
    }
  }

  private Envelope next() throws IOException {
    int length = input.readInt();
    if (length < 0 || length > MAX_MESSAGE_BYTES) {
      throw new IOException("Invalid control message of " + length + " bytes");
    }
    byte[] json = input.readNBytes(length);
    if (json.length < length) {
      throw new EOFException("end of stream");
    }
    return ControlJson.read(json);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
