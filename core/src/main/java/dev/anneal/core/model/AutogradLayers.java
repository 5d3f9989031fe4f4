package dev.anneal.core.model;

import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The reference layer program: libtorch records each layer's graphs and walks them backwards; the
 * attention between them has its own backward.
 */
final class AutogradLayers implements LayerProgram {
  private final Program program;

  AutogradLayers(Program program) {
    this.program = program;
  }

  @Override
  public LayerForward forward(LayerWeights layer, Tensor hidden, Map<String, Tensor> context) {
    return new Graphs(
        program.call("layer_forward").tensor(hidden).dict(layer.tensors()).dict(context).run(),
        context);
  }

  @Override
  public Tensor output(LayerWeights layer, Tensor hidden, Map<String, Tensor> context) {
    return program.call("layer_output").tensor(hidden).dict(layer.tensors()).dict(context).one();
  }

  @Override
  public Optional<Tensor> backward(
      LayerWeights layer, LayerForward saved, Tensor outputGradient, boolean inputNeeded) {
    if (!layer.trained() && !inputNeeded) {
      return Optional.empty();
    }
    Graphs graphs = (Graphs) saved;
    Program.Call call =
        program
            .call(method(layer.trained(), inputNeeded))
            .list(graphs.tensors())
            .tensor(outputGradient)
            .dict(graphs.context());
    if (layer.trained()) {
      call.list(layer.parameters()).list(List.copyOf(layer.gradients().values()));
    }
    return call.run().stream().findFirst();
  }

  private static String method(boolean trained, boolean inputNeeded) {
    if (!trained) {
      return "layer_backward_input";
    }
    return inputNeeded ? "layer_backward" : "layer_backward_parameters";
  }

  /**
   * The input as a leaf, what attention read and gave, and the output, with the graphs between
   * them; the context is borrowed.
   */
  private record Graphs(List<Tensor> tensors, Map<String, Tensor> context) implements LayerForward {
    @Override
    public Tensor output() {
      return tensors.get(tensors.size() - 1);
    }

    @Override
    public void close() {
      tensors.forEach(Tensor::close);
    }
  }
}
