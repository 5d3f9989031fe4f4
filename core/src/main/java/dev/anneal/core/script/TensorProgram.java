package dev.anneal.core.script;

import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Small operations on whole tensors that the engine's own arrays lack: views that share memory,
 * leaves of an autograd graph, and bf16 (asking the engine's arrays for bf16 ends the JVM). One
 * thread; owns a native module.
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
    try (Tensor start = runtime.longs(new long[] {offset}, 1);
        Tensor sizes = runtime.longs(shape, shape.length)) {
      return program.call("view").tensor(flat).tensor(start).tensor(sizes).one();
    }
  }

  /** The same memory as a leaf that gradients are asked for. */
  public Tensor leaf(Tensor tensor) {
    return program.call("leaf").tensor(tensor).one();
  }

  /** fp32 copy of bf16 values given as bytes. */
  public Tensor widenBf16(ByteBuffer direct, long... shape) {
    return widen("widen_bf16", direct, shape);
  }

  /** fp32 copy of fp16 values given as bytes. */
  public Tensor widenFp16(ByteBuffer direct, long... shape) {
    return widen("widen_fp16", direct, shape);
  }

  private Tensor widen(String method, ByteBuffer direct, long... shape) {
    try (Tensor bytes = runtime.borrowBytes(direct);
        Tensor flat = program.call(method).tensor(bytes).one()) {
      return view(flat, 0, shape);
    }
  }

  /** The values rounded once to bf16, as little-endian bytes. */
  public ByteBuffer narrowBf16(Tensor tensor) {
    try (Tensor bytes = program.call("narrow_bf16").tensor(tensor).one()) {
      return bytes.toBytes();
    }
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
