package dev.anneal.core.script;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import dev.anneal.core.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A method of a program with its arguments converted once, for calls with the same tensors again
 * and again: what changes between calls is what lies in them. The method runs in inference mode, so
 * that nothing it makes can join a graph. Owns the converted arguments, which keep the tensors'
 * memory; borrows the program. One thread.
 */
public final class BoundCall implements AutoCloseable {
  private final PtSymbolBlock block;
  private final String method;
  private final IValue[] arguments;

  private BoundCall(PtSymbolBlock block, String method, IValue[] arguments) {
    this.block = block;
    this.method = method;
    this.arguments = arguments;
  }

  /** Runs the method for its effect on its arguments. */
  public void invoke() {
    IValueUtils.runMethod(block, method, arguments).close();
  }

  @Override
  public void close() {
    for (IValue argument : arguments) {
      argument.close();
    }
  }

  /** Takes arguments in the order of the method's parameters. */
  public static final class Binder {
    private final PtSymbolBlock block;
    private final String method;
    private final List<IValue> arguments = new ArrayList<>();

    Binder(PtSymbolBlock block, String method) {
      this.block = block;
      this.method = method;
    }

    public Binder tensor(Tensor tensor) {
      arguments.add(IValue.from(tensor.array()));
      return this;
    }

    /** A {@code List[Tensor]}. */
    public Binder list(List<Tensor> tensors) {
      arguments.add(IValue.listFrom(tensors.stream().map(Tensor::array).toArray(PtNDArray[]::new)));
      return this;
    }

    /** A {@code Dict[str, Tensor]}; not empty. */
    public Binder dict(Map<String, Tensor> tensors) {
      arguments.add(map(tensors));
      return this;
    }

    /** A {@code List[Dict[str, Tensor]]}; not empty. */
    public Binder dicts(List<Map<String, Tensor>> dicts) {
      IValue[] values = dicts.stream().map(Binder::map).toArray(IValue[]::new);
      arguments.add(IValue.listFrom(values));
      for (IValue value : values) {
        value.close();
      }
      return this;
    }

    private static IValue map(Map<String, Tensor> tensors) {
      Map<String, PtNDArray> arrays = new LinkedHashMap<>();
      tensors.forEach((name, tensor) -> arrays.put(name, tensor.array()));
      return IValue.stringMapFrom(arrays);
    }

    /** The caller owns the call. */
    public BoundCall bind() {
      return new BoundCall(block, method, arguments.toArray(IValue[]::new));
    }
  }
}
