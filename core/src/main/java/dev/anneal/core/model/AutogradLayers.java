package dev.anneal.core.model;

import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The reference layer program: libtorch records each layer's graph and walks it backwards. */
final class AutogradLayers implements LayerProgram {
  private final Program program;

  AutogradLayers(Program program) {
    this.program = program;
  }

  @Override
  public LayerForward forward(LayerWeights layer, Tensor hidden, Map<String, Tensor> context) {
    List<Tensor> saved =
        program.call("layer_forward").tensor(hidden).dict(layer.tensors()).dict(context).run();
    return new Graph(saved.get(0), saved.get(1));
  }

  @Override
  public Tensor output(LayerWeights layer, Tensor hidden, Map<String, Tensor> context) {
    return program.call("layer_output").tensor(hidden).dict(layer.tensors()).dict(context).one();
  }

  @Override
  public Optional<Tensor> backward(
      LayerWeights layer, LayerForward saved, Tensor outputGradient, boolean inputNeeded) {
    Graph graph = (Graph) saved;
    if (!layer.trained()) {
      return inputNeeded
          ? Optional.of(
              program
                  .call("layer_backward_input")
                  .tensor(graph.leaf())
                  .tensor(graph.output())
                  .tensor(outputGradient)
                  .one())
          : Optional.empty();
    }
    Program.Call call = program.call(inputNeeded ? "layer_backward" : "layer_backward_parameters");
    if (inputNeeded) {
      call.tensor(graph.leaf());
    }
    List<Tensor> results =
        call.tensor(graph.output())
            .tensor(outputGradient)
            .list(layer.parameters())
            .list(layer.sums())
            .run();
    return results.stream().findFirst();
  }

  /** The input as a leaf, and the output with the graph between them. */
  private record Graph(Tensor leaf, Tensor output) implements LayerForward {
    @Override
    public void close() {
      output.close();
      leaf.close();
    }
  }
}
