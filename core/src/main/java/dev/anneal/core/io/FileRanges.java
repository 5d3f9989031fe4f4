package dev.anneal.core.io;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Bytes of one file by their position, wherever it lies. Implementations are thread-safe. */
public interface FileRanges extends AutoCloseable {
  long size();

  /** Fills the rest of the buffer; {@link EOFException} where the file ends before. */
  void read(long position, ByteBuffer target) throws IOException;

  @Override
  void close() throws IOException;

  /** A file of this machine. */
  static FileRanges open(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      return new ChannelRanges(channel, channel.size());
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** What an open channel reads; closing it closes the channel. */
  static FileRanges of(FileChannel channel) throws IOException {
    return new ChannelRanges(channel, channel.size());
  }
}
