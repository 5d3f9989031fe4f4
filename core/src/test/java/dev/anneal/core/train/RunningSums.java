package dev.anneal.core.train;

import dev.anneal.core.optim.Optimizer;
import dev.anneal.core.optim.OptimizerMethod;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/**
 * An optimizer that the product does not know, with three states of its own names: p −= lr · Σg ÷ n
 * ÷ √Σg². Owns its states; one thread.
 */
public final class RunningSums implements Optimizer {
  private static final List<String> STATES = List.of("updates", "sum_of_g", "sum_of_g2");

  private final Method.Parts parts;
  private final TensorScope scope = new TensorScope();
  private final List<State> states = new ArrayList<>();

  private RunningSums(OptimizerMethod.Parts parts) {
    this.parts = parts;
    for (String name : STATES) {
      states.add(new State(name, scope.own(parts.runtime().zeros(parts.stateLength()))));
    }
  }

  /** Its one line stands in the test resources. */
  public static final class Method implements OptimizerMethod {
    @Override
    public String name() {
      return "RUNNING_SUMS";
    }

    @Override
    public List<String> states() {
      return STATES;
    }

    @Override
    public String source() {
      return """
  def running_sums(self: __torch__.Program, p: Tensor, g: Tensor, n: Tensor, sum: Tensor, squares: Tensor, rate: Tensor) -> Tensor:
    n.add_(1.)
    sum.add_(g)
    squares.addcmul_(g, g)
    mean = torch.div(sum, n)
    scale = torch.add(torch.sqrt(squares), 1e-08)
    return p.sub_(torch.mul(torch.div(mean, scale), float(rate)))
""";
    }

    @Override
    public Optimizer open(Parts parts) {
      return new RunningSums(parts);
    }
  }

  @Override
  public void step(List<Run> runs, double learningRate, long step) {
    for (Run run : runs) {
      try (TensorScope views = new TensorScope();
          Tensor rate = parts.runtime().doubles(new double[] {learningRate}, 1)) {
        var call =
            parts.program().call("running_sums").tensor(run.parameters()).tensor(run.gradients());
        for (State state : states) {
          call.tensor(
              views.own(parts.tensors().view(state.values(), run.stateOffset(), run.length())));
        }
        call.tensor(rate).invoke();
      }
    }
  }

  @Override
  public List<State> states() {
    return List.copyOf(states);
  }

  @Override
  public void close() {
    scope.close();
  }
}
