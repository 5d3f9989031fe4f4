package dev.anneal.core.control;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.function.LongConsumer;

/**
 * One proven connection: four bytes of length, then JSON. One reading thread; {@link #send} from
 * any.
 */
final class ControlLink implements AutoCloseable {
  private static final int MAX_MESSAGE_BYTES = 64 << 20;

  private final SocketChannel channel;
  private final DataInputStream input;
  private long sequence;

  ControlLink(SocketChannel channel) {
    this.channel = channel;
    this.input = new DataInputStream(new BufferedInputStream(Channels.newInputStream(channel)));
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
