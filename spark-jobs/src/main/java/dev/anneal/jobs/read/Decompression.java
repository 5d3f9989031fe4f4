package dev.anneal.jobs.read;

import com.github.luben.zstd.ZstdInputStream;
import dev.anneal.core.format.FormatException;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import net.jpountz.lz4.LZ4Factory;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.lz4.FramedLZ4CompressorInputStream;
import org.tukaani.xz.XZInputStream;
import org.xerial.snappy.Snappy;
import org.xerial.snappy.SnappyFramedInputStream;
import org.xerial.snappy.SnappyInputStream;

/**
 * What the end of a file's name says about its compression. Files of several members, streams or
 * frames, as parallel compressors write them, are read to their end, and are checked as their own
 * tools check them: a file that is cut off or damaged, or is not what its name says, is a {@link
 * FormatException}. A file of no bytes is an empty one. Stateless.
 */
public final class Decompression {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final byte[] SNAPPY_STREAM = {(byte) 0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};

  private Decompression() {}

  /** Whether a name ends as a compressed file's does. */
  public static boolean applies(String name) {
    return Codec.ofEnding(ending(name)).isPresent();
  }

  /** The name without what it says about compression. */
  public static String plainName(String name) {
    return applies(name) ? name.substring(0, name.lastIndexOf('.')) : name;
  }

  /** The last part of a name behind its last dot, in small letters. */
  public static String ending(String name) {
    String last = name.substring(name.lastIndexOf('/') + 1);
    return last.substring(last.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  /**
   * Opens a file at an offset of its own bytes; compressed ones begin at 0 only. Compressed bytes
   * under a name that does not say so are refused where the file is opened at its beginning.
   */
  public static InputStream open(HadoopFileStore store, String uri, long offset)
      throws IOException {
    Optional<Codec> named = Codec.ofEnding(ending(uri));
    InputStream in = store.openAt(uri, offset);
    try {
      if (named.isEmpty() && offset > 0) {
        return in;
      }
      InputStream source = named.isEmpty() ? in : new SourceStream(in);
      PushbackInputStream peeked = new PushbackInputStream(source, Codec.MAGIC_BYTES);
      byte[] start = peeked.readNBytes(Codec.MAGIC_BYTES);
      peeked.unread(start);
      Optional<Codec> found = Codec.ofStart(start);
      require(named, found);
      return named.isEmpty() || start.length == 0
          ? peeked
          : new DecodedStream(decoder(named.get(), start, peeked), named.get().label());
    } catch (SourceStream.StoreException e) {
      in.close();
      throw e.getCause();
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  /** Refuses a file that has no compression in its name and begins as a compressed one. */
  public static void requirePlain(HadoopFileStore store, String uri) throws IOException {
    open(store, uri, 0).close();
  }

  /** Refuses a file that begins as one of another compression, or of any where none is named. */
  private static void require(Optional<Codec> named, Optional<Codec> found) throws FormatException {
    if (found.isEmpty() || found.equals(named)) {
      return;
    }
    String is = "it is compressed with " + found.get().label();
    throw new FormatException(is + " (its name must end in ." + found.get().ending() + ")");
  }

  private static InputStream decoder(Codec codec, byte[] start, InputStream in) throws IOException {
    try {
      return switch (codec) {
        case GZIP -> InflatedMembers.gzip(in);
        case DEFLATE -> InflatedMembers.zlib(in);
        case BZIP2 ->
            new BZip2CompressorInputStream(new BufferedInputStream(in, BUFFER_BYTES), true);
        case XZ -> new XZInputStream(new BufferedInputStream(in, BUFFER_BYTES));
          // Hadoop's codec needs its native library; Spark brings this one.
        case ZSTD -> new ZstdInputStream(new ZstdFrameEnds(in)).setContinuous(false);
        case LZ4 -> lz4(start, new BufferedInputStream(in, BUFFER_BYTES));
        case SNAPPY -> snappy(start, new BufferedInputStream(in, BUFFER_BYTES));
      };
    } catch (SourceStream.StoreException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw DecodedStream.damaged(codec.label(), e);
    }
  }

  private static InputStream lz4(byte[] start, InputStream in) throws IOException {
    if (starts(start, (byte) 0x02, (byte) 0x21, (byte) 0x4C, (byte) 0x18)) {
      throw new IOException("it is of the legacy format, without checks (must be frames)");
    }
    boolean skippable =
        start.length >= 4
            && (start[0] & 0xF0) == 0x50
            && starts(Arrays.copyOfRange(start, 1, 4), (byte) 0x2A, (byte) 0x4D, (byte) 0x18);
    return skippable || Codec.ofStart(start).isPresent()
        ? new FramedLZ4CompressorInputStream(in, true)
        : new HadoopBlocks(in, Decompression::lz4Chunk);
  }

  private static byte[] lz4Chunk(byte[] compressed, int maxBytes) {
    return LZ4Factory.fastestInstance().safeDecompressor().decompress(compressed, maxBytes);
  }

  private static InputStream snappy(byte[] start, InputStream in) throws IOException {
    if (Codec.ofStart(start).isPresent()) {
      return new SnappyFramedInputStream(in, true);
    }
    return starts(start, SNAPPY_STREAM)
        ? new SnappyInputStream(in)
        : new HadoopBlocks(in, Decompression::snappyChunk);
  }

  private static byte[] snappyChunk(byte[] compressed, int maxBytes) throws IOException {
    if (Snappy.uncompressedLength(compressed) > maxBytes) {
      throw new IOException("a block is not sound");
    }
    return Snappy.uncompress(compressed);
  }

  private static boolean starts(byte[] start, byte... magic) {
    return start.length >= magic.length
        && Arrays.equals(start, 0, magic.length, magic, 0, magic.length);
  }
}
