package dev.anneal.data.shard;

import dev.anneal.core.data.ShardManifest;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * One file of a shard: little-endian values in, size and sha256 out. Its stream belongs to the
 * owner of the {@link ShardFileCreator}. Confined to one thread.
 */
public final class LittleEndianFile {
  private static final int CHUNK_VALUES = 1 << 12;

  private final String name;
  private final DigestingStream out;
  private final ByteBuffer chunk =
      ByteBuffer.allocate(CHUNK_VALUES * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);

  private LittleEndianFile(String name, OutputStream out) {
    this.name = name;
    this.out = new DigestingStream(out);
  }

  /** Creates a file by its path below the output folder. */
  public static LittleEndianFile create(ShardFileCreator files, String name) throws IOException {
    return new LittleEndianFile(name, files.create(name));
  }

  public void bytes(byte[] values) throws IOException {
    bytes(values, values.length);
  }

  /** The first bytes of an array. */
  public void bytes(byte[] values, int count) throws IOException {
    out.write(values, 0, count);
  }

  /** Text in UTF-8. */
  public void text(String text) throws IOException {
    bytes(text.getBytes(StandardCharsets.UTF_8));
  }

  public void int8(int value) throws IOException {
    out.write(value);
  }

  public void int32(int value) throws IOException {
    chunk.clear().putInt(value);
    drain();
  }

  public void int64(long value) throws IOException {
    chunk.clear().putLong(value);
    drain();
  }

  /** The first ids of an array; one that does not fit is an {@link IllegalArgumentException}. */
  public void ids(int[] values, int count, IdWidth width) throws IOException {
    for (int from = 0; from < count; from += CHUNK_VALUES) {
      int to = Math.min(count, from + CHUNK_VALUES);
      chunk.clear();
      for (int i = from; i < to; i++) {
        width.require(values[i]);
        if (width == IdWidth.UINT16) {
          chunk.putShort((short) values[i]);
        } else {
          chunk.putInt(values[i]);
        }
      }
      drain();
    }
  }

  private void drain() throws IOException {
    out.write(chunk.array(), 0, chunk.position());
  }

  /** The file as a stream, for writers that want one; what it is given is counted and hashed. */
  public OutputStream stream() {
    return out;
  }

  /** Ends the file and says what it holds; a file beside the one with the ids has no counts. */
  public ShardManifest.Shard finish(ShardManifest.Counts counts) throws IOException {
    out.flush();
    return new ShardManifest.Shard(name, counts, out.bytes(), out.sha256());
  }
}
