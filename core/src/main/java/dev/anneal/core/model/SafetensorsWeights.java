package dev.anneal.core.model;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.FormatException;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.tensor.HalfType;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Weights of safetensors files. fp32 tensors are views of the mapped files, without a copy; bf16
 * and fp16 are widened. The mappings live as long as this object: keep it until the tensors are
 * closed.
 */
public final class SafetensorsWeights implements WeightSource, AutoCloseable {
  private final TensorRuntime runtime;
  private final SafetensorsReader reader;
  private final List<ByteBuffer> mapped = new ArrayList<>();

  /** Takes ownership of the reader. */
  public SafetensorsWeights(TensorRuntime runtime, SafetensorsReader reader) {
    this.runtime = runtime;
    this.reader = reader;
  }

  @Override
  public Tensor open(String name, long[] shape) {
    try {
      TensorInfo info = reader.info(name);
      if (!info.shape().equals(Shape.of(shape))) {
        throw new ConfigException(
            "Invalid weight "
                + name
                + ": shape "
                + info.shape()
                + " (expected "
                + Shape.of(shape)
                + ")");
      }
      ByteBuffer bytes = reader.map(name);
      return switch (info.dtype()) {
        case F32 -> {
          mapped.add(bytes);
          yield runtime.borrowFloats(bytes, shape);
        }
        case BF16 -> widen(bytes, HalfType.BF16, shape);
        case F16 -> widen(bytes, HalfType.FP16, shape);
        default ->
            throw new ConfigException(
                "Unsupported dtype of weight "
                    + name
                    + ": "
                    + info.dtype()
                    + " (supported: F32, BF16, F16)");
      };
    } catch (FormatException e) {
      throw new ConfigException(e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read weight " + name + ": " + e.getMessage(), e);
    }
  }

  private Tensor widen(ByteBuffer bytes, HalfType type, long[] shape) {
    Tensor wide = runtime.zeros(shape);
    type.widen(bytes, wide.region());
    return wide;
  }

  @Override
  public void close() {
    mapped.clear();
    try {
      reader.close();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot close the weight files", e);
    }
  }
}
