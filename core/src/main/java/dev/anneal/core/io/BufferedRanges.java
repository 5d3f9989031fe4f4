package dev.anneal.core.io;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads small neighbouring ranges with one request: the last block is kept. Thread-safe. Owns what
 * it reads.
 */
public final class BufferedRanges implements FileRanges {
  private final FileRanges file;
  private final byte[] block;
  private long blockStart;
  private int blockLength;

  /**
   * @param blockBytes bytes asked for at once; what is larger is read by itself
   */
  public BufferedRanges(FileRanges file, int blockBytes) {
    this.file = file;
    this.block = new byte[blockBytes];
  }

  @Override
  public long size() {
    return file.size();
  }

  @Override
  public synchronized void read(long position, ByteBuffer target) throws IOException {
    int length = target.remaining();
    if (length > block.length || position + length > size()) {
      file.read(position, target);
      return;
    }
    if (position < blockStart || position + length > blockStart + blockLength) {
      blockLength = 0;
      int wanted = (int) Math.min(block.length, size() - position);
      file.read(position, ByteBuffer.wrap(block, 0, wanted));
      blockStart = position;
      blockLength = wanted;
    }
    target.put(block, (int) (position - blockStart), length);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
