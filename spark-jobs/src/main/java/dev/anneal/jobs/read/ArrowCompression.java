package dev.anneal.jobs.read;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import net.jpountz.lz4.LZ4FrameInputStream;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.compression.AbstractCompressionCodec;
import org.apache.arrow.vector.compression.CompressionCodec;
import org.apache.arrow.vector.compression.CompressionUtil;
import org.apache.arrow.vector.compression.NoCompressionCodec;
import org.apache.commons.compress.compressors.lz4.FramedLZ4CompressorInputStream;

/**
 * Reads compressed Arrow buffers with the codecs that Spark brings; Arrow's own module for that is
 * not part of Spark. Feather files are compressed by default. Stateless.
 */
final class ArrowCompression implements CompressionCodec.Factory {
  @Override
  public CompressionCodec createCodec(CompressionUtil.CodecType type) {
    return type == CompressionUtil.CodecType.NO_COMPRESSION
        ? NoCompressionCodec.INSTANCE
        : new Reading(type);
  }

  private static final class Reading extends AbstractCompressionCodec {
    private static final int FLAGS = 4; // place in the head of a frame
    private static final int INDEPENDENT = 0x20;

    private final CompressionUtil.CodecType type;

    Reading(CompressionUtil.CodecType type) {
      this.type = type;
    }

    @Override
    protected ArrowBuf doDecompress(BufferAllocator allocator, ArrowBuf buffer) {
      int length = Math.toIntExact(readUncompressedLength(buffer));
      int prefix = Math.toIntExact(CompressionUtil.SIZE_OF_UNCOMPRESSED_LENGTH);
      byte[] compressed = new byte[Math.toIntExact(buffer.writerIndex()) - prefix];
      buffer.getBytes(prefix, compressed);
      byte[] plain =
          type == CompressionUtil.CodecType.ZSTD
              ? Zstd.decompress(compressed, length)
              : lz4(compressed, length);
      ArrowBuf result = allocator.buffer(length);
      result.setBytes(0, plain);
      result.writerIndex(length);
      return result;
    }

    private static byte[] lz4(byte[] compressed, int length) {
      try (InputStream in = frame(compressed)) {
        byte[] plain = in.readNBytes(length);
        if (plain.length < length) {
          throw new IOException("buffer of " + plain.length + " bytes (expected " + length + ")");
        }
        return plain;
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot decompress: " + e.getMessage(), e);
      }
    }

    /** The faster library does not read blocks that refer to the one before. */
    private static InputStream frame(byte[] compressed) throws IOException {
      InputStream in = new ByteArrayInputStream(compressed);
      boolean linked = compressed.length > FLAGS && (compressed[FLAGS] & INDEPENDENT) == 0;
      return linked ? new FramedLZ4CompressorInputStream(in) : new LZ4FrameInputStream(in);
    }

    @Override
    protected ArrowBuf doCompress(BufferAllocator allocator, ArrowBuf buffer) {
      throw new UnsupportedOperationException("Arrow files are only read here");
    }

    @Override
    public CompressionUtil.CodecType getCodecType() {
      return type;
    }
  }
}
