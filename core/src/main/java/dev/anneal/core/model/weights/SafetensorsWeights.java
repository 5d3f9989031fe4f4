package dev.anneal.core.model.weights;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.DType;
import dev.anneal.core.format.FormatException;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.HalfType;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Weights of safetensors files. fp32 tensors are views of the mapped files, without a copy; bf16
 * and fp16 are widened, or left as views too where nobody changes them and the caller wants it. The
 * mappings live as long as this object: keep it until the tensors are closed. One thread.
 */
public final class SafetensorsWeights implements WeightSource, AutoCloseable {
  private final TensorRuntime runtime;
  private final SafetensorsReader reader;
  private final Optional<TensorProgram> halfViews;
  private final StoredRuns runs;
  private final List<ByteBuffer> mapped = new ArrayList<>();

  /** All in fp32. Takes ownership of the reader. */
  public SafetensorsWeights(TensorRuntime runtime, SafetensorsReader reader) {
    this(runtime, reader, Optional.empty());
  }

  private SafetensorsWeights(
      TensorRuntime runtime, SafetensorsReader reader, Optional<TensorProgram> halfViews) {
    this.runtime = runtime;
    this.reader = reader;
    this.halfViews = halfViews;
    this.runs = new StoredRuns(reader);
  }

  /** Frozen matrices in their files' types. Takes ownership of the reader, borrows the program. */
  public static SafetensorsWeights asStored(
      TensorRuntime runtime, SafetensorsReader reader, TensorProgram tensors) {
    return new SafetensorsWeights(runtime, reader, Optional.of(tensors));
  }

  @Override
  public Tensor open(String name, long[] shape) {
    DType type = require(name, shape).dtype();
    ByteBuffer bytes = map(name);
    if (type == DType.F32) {
      mapped.add(bytes);
      return runtime.borrowFloats(bytes, shape);
    }
    Tensor wide = runtime.zeros(shape);
    halfType(type).widen(bytes, wide.region());
    return wide;
  }

  /** Vectors are small and always fp32. */
  @Override
  public FrozenWeight openFrozen(String name, long[] shape) {
    DType type = require(name, shape).dtype();
    if (halfViews.isEmpty() || type == DType.F32 || shape.length < 2) {
      return new FrozenWeight(open(name, shape), false);
    }
    ByteBuffer bytes = map(name);
    mapped.add(bytes);
    try (Tensor raw = runtime.borrowBytes(bytes)) {
      return new FrozenWeight(halfViews.get().half(raw, halfType(type), shape), true);
    }
  }

  /** For a look at the beginning: pages of a map would count as this process's memory. */
  @Override
  public Tensor openRounded(String name, long[] shape) {
    return openCopy(runtime, name, shape);
  }

  @Override
  public void read(String name, long[] shape, ValueRuns taker) {
    TensorInfo info = require(name, shape);
    try {
      runs.read(info, taker);
    } catch (FormatException e) {
      throw new ConfigException(e.getMessage(), e);
    } catch (IOException e) {
      throw unreadable(name, e);
    }
  }

  private TensorInfo require(String name, long[] shape) {
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
      if (info.dtype() != DType.F32 && info.dtype() != DType.BF16 && info.dtype() != DType.F16) {
        throw new ConfigException(
            "Unsupported dtype of weight "
                + name
                + ": "
                + info.dtype()
                + " (supported: F32, BF16, F16)");
      }
      return info;
    } catch (FormatException e) {
      throw new ConfigException(e.getMessage(), e);
    }
  }

  static HalfType halfType(DType type) {
    return type == DType.BF16 ? HalfType.BF16 : HalfType.FP16;
  }

  private ByteBuffer map(String name) {
    try {
      return reader.map(name);
    } catch (FormatException e) {
      throw new ConfigException(e.getMessage(), e);
    } catch (IOException e) {
      throw unreadable(name, e);
    }
  }

  private static UncheckedIOException unreadable(String name, IOException cause) {
    return new UncheckedIOException(
        "Cannot read weight " + name + ": " + cause.getMessage(), cause);
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
