package dev.anneal.core.script;

import dev.anneal.core.tensor.HalfType;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.List;

/**
 * Small operations on whole tensors that the engine's own arrays lack: views that share memory, and
 * leaves of an autograd graph. One thread; owns a native module.
 */
public final class TensorProgram implements AutoCloseable {
  private final TensorRuntime runtime;
  private final Program program;

  private TensorProgram(TensorRuntime runtime, Program program) {
    this.runtime = runtime;
    this.program = program;
  }

  public static TensorProgram open(TensorRuntime runtime) {
    String text = Program.source(TensorProgram.class, "tensors.torchscript");
    return new TensorProgram(runtime, Program.compile(runtime, List.of(text)));
  }

  /** A view of a flat tensor's elements from {@code offset}, sharing its memory. */
  public Tensor view(Tensor flat, long offset, long... shape) {
    try (Tensor start = runtime.hostLongs(offset);
        Tensor sizes = runtime.hostLongs(shape)) {
      return program.call("view").tensor(flat).tensor(start).tensor(sizes).one();
    }
  }

  /**
   * A handle of a shape without memory for it: every element is the one of {@code nothing}, and
   * none can be written. {@link #bind} gives it memory.
   */
  public Tensor unbound(Tensor nothing, long... shape) {
    try (Tensor sizes = runtime.longs(shape, shape.length)) {
      return program.call("unbound").tensor(nothing).tensor(sizes).one();
    }
  }

  /** Makes handles views of a flat tensor, each from an offset on. */
  public void bind(List<Tensor> handles, Tensor flat, long[] offsets) {
    if (!handles.isEmpty()) {
      try (Tensor starts = runtime.longs(offsets, offsets.length)) {
        program.call("bind").list(handles).tensor(flat).tensor(starts).invoke();
      }
    }
  }

  /** Takes from handles what memory they have, as {@link #unbound}. */
  public void unbind(List<Tensor> handles, Tensor nothing) {
    if (!handles.isEmpty()) {
      program.call("unbind").list(handles).tensor(nothing).invoke();
    }
  }

  /**
   * A matrix of 16-bit floats over bytes that the caller keeps, without a copy. Nothing but a
   * program can read it: {@link #copy} to an fp32 tensor widens it.
   */
  public Tensor half(Tensor bytes, HalfType type, long[] shape) {
    try (Tensor dtype = runtime.hostLongs(type.scalarType());
        Tensor sizes = runtime.hostLongs(shape)) {
      return program.call("typed").tensor(bytes).tensor(dtype).tensor(sizes).one();
    }
  }

  /** A copy in 16 bits, each value rounded to the nearest, ties to even. */
  public Tensor rounded(Tensor tensor, HalfType type) {
    try (Tensor dtype = runtime.hostLongs(type.scalarType())) {
      return program.call("rounded").tensor(tensor).tensor(dtype).one();
    }
  }

  /** Whether a tensor's values are of that type. */
  public boolean isOf(Tensor tensor, HalfType type) {
    try (Tensor dtype = program.call("dtype").tensor(tensor).one()) {
      return dtype.toLongs()[0] == type.scalarType();
    }
  }

  /** The first bytes of a tensor as uint8 [count], sharing its memory. */
  public Tensor bytes(Tensor memory, long count) {
    try (Tensor bytes = runtime.hostLongs(count)) {
      return program.call("bytes").tensor(memory).tensor(bytes).one();
    }
  }

  /** Another handle of the same memory, in the same layout. */
  public Tensor alias(Tensor tensor) {
    return program.call("alias").tensor(tensor).one();
  }

  /** Adds values element by element; shapes must agree. */
  public void add(Tensor sum, Tensor values) {
    program.call("add").tensor(sum).tensor(values).invoke();
  }

  /** The same memory as a leaf that gradients are asked for. */
  public Tensor leaf(Tensor tensor) {
    return program.call("leaf").tensor(tensor).one();
  }

  /** A copy of a matrix in fp32 with each column in one piece; the same values and places. */
  public Tensor columnMajor(Tensor matrix) {
    return program.call("column_major").tensor(matrix).one();
  }

  /** Copies values element by element; shapes must agree. */
  public void copy(Tensor target, Tensor source) {
    program.call("copy").tensor(target).tensor(source).invoke();
  }

  public void zero(Tensor tensor) {
    program.call("zero").tensor(tensor).invoke();
  }

  @Override
  public void close() {
    program.close();
  }
}
