package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.CollectiveException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/** Puts frames together from what a non-blocking socket has. One thread. */
final class FrameReader {
  private final int attempt;
  private final long maxPayloadBytes;
  private final ByteBuffer header = ByteBuffer.allocate(Frame.HEADER_BYTES);
  private ByteBuffer payload = ByteBuffer.allocate(0);
  private boolean inPayload;

  FrameReader(int attempt, long maxPayloadBytes) {
    this.attempt = attempt;
    this.maxPayloadBytes = maxPayloadBytes;
  }

  /** The next whole frame, if it is there. */
  Optional<Frame> read(SocketChannel channel) throws IOException {
    if (!inPayload) {
      fill(channel, header);
      if (header.hasRemaining()) {
        return Optional.empty();
      }
      int length = header.getInt(0);
      if (length < 0 || length > maxPayloadBytes) {
        throw new CollectiveException("Invalid message of " + length + " bytes");
      }
      payload = ByteBuffer.allocate(length);
      inPayload = true;
    }
    fill(channel, payload);
    if (payload.hasRemaining()) {
      return Optional.empty();
    }
    inPayload = false;
    return Optional.of(decode());
  }

  private Frame decode() {
    header.flip().position(Integer.BYTES);
    int type = header.get();
    Frame.Type[] types = Frame.Type.values();
    if (type < 0 || type >= types.length) {
      throw new CollectiveException("Invalid message type: " + type);
    }
    Frame frame = new Frame(types[type], OperationHeader.read(header, attempt), payload.array());
    header.clear();
    return frame;
  }

  private static void fill(SocketChannel channel, ByteBuffer target) throws IOException {
    while (target.hasRemaining()) {
      int count = channel.read(target);
      if (count < 0) {
        throw new EOFException("end of stream");
      }
      if (count == 0) {
        return;
      }
    }
  }
}
