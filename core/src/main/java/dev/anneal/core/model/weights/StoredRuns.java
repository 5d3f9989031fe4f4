package dev.anneal.core.model.weights;

import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.tensor.HalfType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Stored weights as fp32 values, some at a time. Reads the files: pages of a map would count as
 * this process's memory. Borrows the reader; one thread.
 */
final class StoredRuns {
  private final SafetensorsReader reader;
  private final ByteBuffer bytes =
      ByteBuffer.allocateDirect(WeightSource.RUN * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final float[] values = new float[WeightSource.RUN];

  StoredRuns(SafetensorsReader reader) {
    this.reader = reader;
  }

  /** All values of an fp32, bf16 or fp16 tensor in their order. */
  void read(TensorInfo info, WeightSource.ValueRuns taker) throws IOException {
    long elements = info.shape().elements();
    int size = info.dtype().bytes();
    for (long at = 0; at < elements; at += WeightSource.RUN) {
      int count = (int) Math.min(WeightSource.RUN, elements - at);
      bytes.clear().limit(count * size);
      reader.read(info.name(), at * size, bytes);
      bytes.flip();
      widen(info.dtype(), count);
      taker.add(values, count);
    }
  }

  private void widen(DType type, int count) {
    if (type == DType.F32) {
      bytes.asFloatBuffer().get(values, 0, count);
      return;
    }
    HalfType half = SafetensorsWeights.halfType(type);
    for (int i = 0; i < count; i++) {
      values[i] = half.toFloat(bytes.getShort(Short.BYTES * i));
    }
  }
}
