package dev.anneal.core.tensor;

import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A native tensor with an owner: whoever opens it closes it. Closing frees the handle, and with the
 * last handle the memory and any autograd graph that hangs on it. Not thread-safe.
 */
public final class Tensor implements AutoCloseable {
  private final TensorRuntime runtime;
  private final PtNDArray array;
  private final long[] shape;
  private boolean closed;

  Tensor(TensorRuntime runtime, PtNDArray array) {
    this.runtime = runtime;
    this.array = array;
    this.shape = array.getShape().getShape();
    runtime.opened();
  }

  /** The engine's handle; for {@code core.script} alone. */
  public PtNDArray array() {
    if (closed) {
      throw new IllegalStateException("Cannot use tensor " + describe() + ": it is closed");
    }
    return array;
  }

  public long[] shape() {
    return shape.clone();
  }

  public long elementCount() {
    long count = 1;
    for (long dimension : shape) {
      count *= dimension;
    }
    return count;
  }

  /** Raw pointer and length of a contiguous fp32 tensor; valid while this tensor is open. */
  public FloatRegion region() {
    if (array().getDataType() != DataType.FLOAT32) {
      throw new IllegalStateException("Cannot take the region of " + describe() + ": not fp32");
    }
    return new FloatRegion(runtime.address(array), elementCount());
  }

  /** Copies an fp32 tensor out, row-major. */
  public float[] toFloats() {
    return array().toFloatArray();
  }

  /** Copies an fp64 tensor out, row-major. */
  public double[] toDoubles() {
    return array().toDoubleArray();
  }

  /** Copies an int64 tensor out, row-major. */
  public long[] toLongs() {
    return array().toLongArray();
  }

  /** Copies the raw bytes out, native order. */
  public ByteBuffer toBytes() {
    return array().toByteBuffer();
  }

  private String describe() {
    return Arrays.toString(shape);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      array.close();
      runtime.closed();
    }
  }
}
