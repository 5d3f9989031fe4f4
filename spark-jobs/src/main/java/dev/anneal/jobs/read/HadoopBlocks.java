package dev.anneal.jobs.read;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * The files of Hadoop's block compressors, Snappy and LZ4: blocks of a length, then chunks of the
 * block, each with its own length and compressed for itself. They have neither mark nor checks, so
 * every length is looked at. Confined to one thread.
 */
final class HadoopBlocks extends InputStream {
  private static final int MAX_BLOCK_BYTES = 1 << 30;
  private static final int MAX_CHUNK_BYTES = MAX_BLOCK_BYTES + MAX_BLOCK_BYTES / 5;

  private final DataInputStream in;
  private final ChunkDecoder decoder;
  private byte[] chunk = new byte[0];
  private int next;
  private long ofBlock; // bytes of the open block that are still to come
  private boolean any;

  /** Decompresses one chunk. */
  interface ChunkDecoder {
    /** The bytes of a chunk, never more than there may be. */
    byte[] decode(byte[] compressed, int maxBytes) throws IOException;
  }

  HadoopBlocks(InputStream in, ChunkDecoder decoder) {
    this.in = new DataInputStream(in);
    this.decoder = decoder;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] bytes, int start, int length) throws IOException {
    while (next == chunk.length) {
      if (ofBlock == 0 && !beginBlock()) {
        return -1;
      }
      if (ofBlock > 0) {
        readChunk();
      }
    }
    int count = Math.min(length, chunk.length - next);
    System.arraycopy(chunk, next, bytes, start, count);
    next += count;
    return count;
  }

  private boolean beginBlock() throws IOException {
    int first = in.read();
    if (first < 0) {
      return false;
    }
    byte[] rest = in.readNBytes(3);
    if (rest.length < 3) {
      throw new EOFException("it ends inside a block");
    }
    ofBlock = (long) first << 24 | (rest[0] & 0xFF) << 16 | (rest[1] & 0xFF) << 8 | rest[2] & 0xFF;
    if (ofBlock > MAX_BLOCK_BYTES) {
      throw unsound();
    }
    return true;
  }

  private void readChunk() throws IOException {
    int length = in.readInt();
    if (length <= 0 || length > MAX_CHUNK_BYTES) {
      throw unsound();
    }
    byte[] compressed = in.readNBytes(length);
    if (compressed.length < length) {
      throw any ? new EOFException("it ends inside a block") : unsound();
    }
    chunk = decoder.decode(compressed, (int) ofBlock);
    next = 0;
    ofBlock -= chunk.length;
    if (chunk.length == 0 || ofBlock < 0) {
      throw unsound();
    }
    any = true;
  }

  private IOException unsound() {
    return new IOException(any ? "a block is not sound" : "neither frames nor Hadoop's blocks");
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
