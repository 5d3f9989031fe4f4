package dev.anneal.core.format;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A tensor to be written. Its bytes are asked for once, when its turn comes, in any number of
 * little-endian chunks whose sum must be what dtype and shape say.
 */
public record TensorSource(String name, DType dtype, Shape shape, Chunks chunks) {
  /** Pushes a tensor's bytes, in order, to the sink. */
  @FunctionalInterface
  public interface Chunks {
    void writeTo(ChunkSink sink) throws IOException;
  }

  /** Takes the remaining bytes of a buffer, which the sink does not keep. */
  @FunctionalInterface
  public interface ChunkSink {
    void write(ByteBuffer chunk) throws IOException;
  }

  public TensorSource {
    if (name.isEmpty() || name.equals("__metadata__")) {
      throw new IllegalArgumentException("Invalid tensor name: '" + name + "'");
    }
  }

  /** A tensor that lies in one buffer; its remaining bytes are read without moving it. */
  public static TensorSource of(String name, DType dtype, Shape shape, ByteBuffer bytes) {
    return new TensorSource(name, dtype, shape, sink -> sink.write(bytes.duplicate()));
  }

  public long bytes() {
    return Math.multiplyExact(shape.elements(), dtype.bytes());
  }
}
