package dev.anneal.core.io;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file written beside its place and moved there at close. A failed write or {@link #abort} leaves
 * the place as it was and removes what was written. One thread.
 */
final class AtomicFileOutput extends OutputStream implements Abortable {
  private static final int BUFFER_BYTES = 1 << 16;

  private final Path target;
  private final Path temporary;
  private final FileChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
  private boolean failed;
  private boolean closed;

  AtomicFileOutput(Path target, Path temporary) throws IOException {
    this.target = target;
    this.temporary = temporary;
    this.channel =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  @Override
  public void write(int value) throws IOException {
    if (!buffer.hasRemaining()) {
      drain();
    }
    buffer.put((byte) value);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    if (length > buffer.remaining()) {
      drain();
    }
    if (length > buffer.capacity()) {
      writeFully(ByteBuffer.wrap(bytes, offset, length));
    } else {
      buffer.put(bytes, offset, length);
    }
  }

  @Override
  public void flush() throws IOException {
    drain();
  }

  @Override
  public void abort() {
    failed = true;
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try (channel) {
      if (!failed) {
        drain();
        channel.force(true);
      }
    } catch (IOException e) {
      failed = true;
      throw unwritable(e);
    } finally {
      if (failed) {
        Files.deleteIfExists(temporary);
      }
    }
    if (!failed) {
      publish();
    }
  }

  private void publish() throws IOException {
    try {
      LocalFileStore.publish(temporary, target);
    } catch (IOException e) {
      Files.deleteIfExists(temporary);
      throw unwritable(e);
    }
  }

  private void drain() throws IOException {
    buffer.flip();
    writeFully(buffer);
    buffer.clear();
  }

  private void writeFully(ByteBuffer source) throws IOException {
    if (failed) {
      throw new IOException("Cannot write " + target + ": an earlier write failed");
    }
    try {
      while (source.hasRemaining()) {
        channel.write(source);
      }
    } catch (IOException e) {
      failed = true;
      throw unwritable(e);
    }
  }

  private IOException unwritable(IOException cause) {
    if (cause.getMessage() != null && cause.getMessage().startsWith("Cannot write ")) {
      return cause;
    }
    return new IOException("Cannot write " + target + ": " + cause.getMessage(), cause);
  }
}
