package dev.anneal.core.script;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A loaded TorchScript module whose methods take and give tensors. Owns the native module. One
 * thread, and one rank: names are set on the arrays of a call, so two ranks never share a program.
 */
public final class Program implements AutoCloseable {
  private final TensorRuntime runtime;
  private final PtSymbolBlock block;
  private final Map<String, NDArray> methodMarkers = new HashMap<>();

  private Program(TensorRuntime runtime, PtSymbolBlock block) {
    this.runtime = runtime;
    this.block = block;
  }

  /** Compiles the methods of a class {@code Program}; each part's lines are indented by two. */
  public static Program compile(TensorRuntime runtime, List<String> parts) {
    byte[] archive = ProgramArchive.pack(String.join("\n", parts));
    try {
      return new Program(
          runtime,
          JniUtils.loadModule(runtime.manager(), new ByteArrayInputStream(archive), false, false));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The text of a program kept beside the given class. */
  public static String source(Class<?> owner, String resource) {
    try (InputStream in = owner.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("Cannot find program text: " + resource);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Begins a call; arguments follow in the order of the method's parameters. */
  public Call call(String method) {
    return new Call(method);
  }

  /** Begins a call that will be made many times with the same tensors. */
  public BoundCall.Binder bind(String method) {
    return new BoundCall.Binder(block, method);
  }

  /** Arguments of one call. */
  public final class Call {
    private final String method;
    private final NDList inputs = new NDList();
    private int groups;

    private Call(String method) {
      this.method = method;
    }

    public Call tensor(Tensor tensor) {
      PtNDArray array = tensor.array();
      array.setName(null);
      inputs.add(array);
      return this;
    }

    /** A {@code Dict[str, Tensor]}; not empty. */
    public Call dict(Map<String, Tensor> tensors) {
      requireSome(tensors.size());
      String prefix = "d" + groups++ + ".";
      for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
        PtNDArray array = entry.getValue().array();
        array.setName(prefix + entry.getKey());
        inputs.add(array);
      }
      return this;
    }

    /** A {@code List[Tensor]}; not empty. */
    public Call list(List<Tensor> tensors) {
      requireSome(tensors.size());
      String name = "l" + groups++ + "[]";
      for (Tensor tensor : tensors) {
        PtNDArray array = tensor.array();
        array.setName(name);
        inputs.add(array);
      }
      return this;
    }

    private void requireSome(int size) {
      if (size == 0) {
        throw new IllegalArgumentException(
            "Invalid argument of " + method + ": an empty collection");
      }
    }

    /** Runs the method; the caller owns the results. */
    public List<Tensor> run() {
      inputs.add(methodMarkers.computeIfAbsent(method, Program.this::marker));
      NDList outputs = IValueUtils.forward(block, inputs, true);
      List<Tensor> tensors = new ArrayList<>(outputs.size());
      for (NDArray output : outputs) {
        tensors.add(runtime.wrap((PtNDArray) output));
      }
      return tensors;
    }

    /** Runs a method that gives exactly one tensor; the caller owns it. */
    public Tensor one() {
      List<Tensor> tensors = run();
      if (tensors.size() != 1) {
        tensors.forEach(Tensor::close);
        throw new IllegalStateException(
            "Expected one tensor from " + method + " but got " + tensors.size());
      }
      return tensors.get(0);
    }

    /** Runs a method for its effect. */
    public void invoke() {
      run().forEach(Tensor::close);
    }
  }

  private NDArray marker(String method) {
    NDArray marker = runtime.manager().create(0f);
    marker.setName("module_method:" + method);
    return marker;
  }

  @Override
  public void close() {
    methodMarkers.values().forEach(NDArray::close);
    block.close();
  }
}
