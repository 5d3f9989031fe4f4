package dev.anneal.core.model;

import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The layer program with a backward written out, for methods with an {@link
 * LinearHook#effectiveSource}: no graph, nothing kept but what the backward reads.
 */
final class WrittenLayers implements LayerProgram {
  private static final int OUTPUT = 7;

  private final Program program;
  private final TensorRuntime runtime;

  WrittenLayers(Program program, TensorRuntime runtime) {
    this.program = program;
    this.runtime = runtime;
  }

  @Override
  public LayerForward forward(LayerWeights layer, Tensor hidden, Map<String, Tensor> context) {
    return runtime.withoutGradients(
        () ->
            new Activations(
                hidden,
                program
                    .call("written_forward")
                    .tensor(hidden)
                    .dict(layer.tensors())
                    .dict(context)
                    .run(),
                context));
  }

  @Override
  public Tensor output(LayerWeights layer, Tensor hidden, Map<String, Tensor> context) {
    return runtime.withoutGradients(
        () ->
            program
                .call("written_output")
                .tensor(hidden)
                .dict(layer.tensors())
                .dict(context)
                .one());
  }

  @Override
  public Optional<Tensor> backward(
      LayerWeights layer, LayerForward saved, Tensor outputGradient, boolean inputNeeded) {
    if (!layer.trained() && !inputNeeded) {
      return Optional.empty();
    }
    Activations activations = (Activations) saved;
    return runtime.withoutGradients(
        () -> {
          if (!layer.trained()) {
            return Optional.of(
                backward("written_backward_input", layer, activations, outputGradient).one());
          }
          String method = inputNeeded ? "written_backward" : "written_backward_gradients";
          Program.Call call =
              backward(method, layer, activations, outputGradient).dict(layer.gradients());
          return call.run().stream().findFirst();
        });
  }

  private Program.Call backward(
      String method, LayerWeights layer, Activations saved, Tensor outputGradient) {
    return program
        .call(method)
        .list(saved.tensors())
        .tensor(saved.input())
        .tensor(outputGradient)
        .dict(layer.tensors())
        .dict(saved.context());
  }

  /** The borrowed input and context, and what the program saved, which is owned. */
  private record Activations(Tensor input, List<Tensor> tensors, Map<String, Tensor> context)
      implements LayerForward {
    @Override
    public Tensor output() {
      return tensors.get(OUTPUT);
    }

    @Override
    public void close() {
      tensors.forEach(Tensor::close);
    }
  }
}
