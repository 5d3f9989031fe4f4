package dev.anneal.core.model.weights;

import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.tensor.HalfType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Whether an output matrix that is stored beside tied embeddings is really the same matrix. Old
 * files hold both copies; where they differ, transformers 5 ties nothing, whatever config.json
 * says. Stateless.
 */
final class TiedHead {
  private static final long BLOCK = 1 << 20;

  private TiedHead() {}

  /** The config as the stored weights make it. */
  static DecoderConfig asStored(DecoderConfig config, SafetensorsReader reader) throws IOException {
    if (!config.tieWordEmbeddings()) {
      return config;
    }
    DecoderConfig untied = config.withOwnHead();
    var stored = WeightNaming.of(untied, reader.tensors().keySet()).stored();
    String embedding = stored.get(WeightNames.EMBED_TOKENS);
    String head = stored.get(WeightNames.LM_HEAD);
    boolean both = embedding != null && head != null;
    return both && !same(reader, embedding, head) ? untied : config;
  }

  private static boolean same(SafetensorsReader reader, String a, String b) throws IOException {
    TensorInfo first = reader.info(a);
    TensorInfo second = reader.info(b);
    if (!first.shape().equals(second.shape()) || !readable(first) || !readable(second)) {
      return false;
    }
    long elements = first.shape().elements();
    for (long at = 0; at < elements; at += BLOCK) {
      long count = Math.min(BLOCK, elements - at);
      if (!same(
          block(reader, first, at, count),
          first.dtype(),
          block(reader, second, at, count),
          second.dtype(),
          (int) count)) {
        return false;
      }
    }
    return true;
  }

  private static boolean readable(TensorInfo info) {
    return info.dtype() == DType.F32 || info.dtype() == DType.BF16 || info.dtype() == DType.F16;
  }

  private static ByteBuffer block(SafetensorsReader reader, TensorInfo info, long at, long count)
      throws IOException {
    int bytes = info.dtype().bytes();
    return reader.map(info.name(), at * bytes, count * bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static boolean same(ByteBuffer a, DType typeA, ByteBuffer b, DType typeB, int count) {
    if (typeA == typeB && a.mismatch(b) < 0) {
      return true;
    }
    for (int i = 0; i < count; i++) {
      if (value(a, typeA, i) != value(b, typeB, i)) {
        return false;
      }
    }
    return true;
  }

  private static float value(ByteBuffer values, DType type, int index) {
    return switch (type) {
      case F32 -> values.getFloat(Float.BYTES * index);
      case BF16 -> HalfType.BF16.toFloat(values.getShort(Short.BYTES * index));
      default -> HalfType.FP16.toFloat(values.getShort(Short.BYTES * index));
    };
  }
}
