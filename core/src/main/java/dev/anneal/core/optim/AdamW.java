package dev.anneal.core.optim;

import dev.anneal.core.script.Program;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * AdamW (Loshchilov and Hutter, 2019, arXiv 1711.05101) as torch computes it: p −= lr·wd·p; m and v
 * are running means of g and g²; p −= lr · m̂ ÷ (√v̂ + eps) with both means corrected by the
 * optimizer step. Moments are fp32 whatever the base model is.
 */
public final class AdamW implements Optimizer {
  private static final String FIRST_MOMENT = "first_moment";
  private static final String SECOND_MOMENT = "second_moment";

  private final TensorRuntime runtime;
  private final OptimizerProgram program;
  private final TensorProgram tensors;
  private final Settings settings;
  private final Tensor firstMoment;
  private final Tensor secondMoment;
  private final TensorScope scope = new TensorScope();
  private final Map<Run, Moments> moments = new HashMap<>();

  /** The constants of the method. */
  public record Settings(double beta1, double beta2, double epsilon, double weightDecay) {}

  private record Moments(Tensor first, Tensor second) {}

  /** How settings name and make it. */
  public static final class Method implements OptimizerMethod {
    @Override
    public String name() {
      return "ADAMW";
    }

    @Override
    public List<String> states() {
      return List.of(FIRST_MOMENT, SECOND_MOMENT);
    }

    @Override
    public String source() {
      return """
  # hyper [6] fp64: lr, beta1, beta2, eps, weight decay, step. The lists come from the caller:
  # libtorch drops an in-place call on a list made here as dead code. Decoupled weight decay,
  # bias correction by the optimizer step, eps outside the root.
  def adamw(self: __torch__.Program, p: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], hyper: Tensor) -> List[Tensor]:
    steps = [torch.to(torch.to(hyper[5], 6), ops.prim.device(p[0]), 6)]
    none = annotate(List[Tensor], [])
    torch._fused_adamw_(p, g, m, v, none, steps, lr=float(hyper[0]), beta1=float(hyper[1]), beta2=float(hyper[2]), weight_decay=float(hyper[4]), eps=float(hyper[3]), amsgrad=False, maximize=False)
    return p
""";
    }

    @Override
    public Optimizer open(Parts parts) {
      Settings settings =
          new Settings(
              parts.settings().adamBeta1(),
              parts.settings().adamBeta2(),
              parts.settings().adamEpsilon(),
              parts.weightDecay());
      return new AdamW(
          parts.runtime(), parts.program(), parts.tensors(), settings, parts.stateLength());
    }
  }

  /**
   * @param stateLength elements of the shard
   * @param program borrowed
   */
  public AdamW(
      TensorRuntime runtime,
      OptimizerProgram program,
      TensorProgram tensors,
      Settings settings,
      long stateLength) {
    this.runtime = runtime;
    this.program = program;
    this.tensors = tensors;
    this.settings = settings;
    this.firstMoment = scope.own(runtime.zeros(stateLength));
    this.secondMoment = scope.own(runtime.zeros(stateLength));
  }

  @Override
  public void step(List<Run> runs, double learningRate, long step) {
    for (Run run : runs) {
      Moments state = moments.computeIfAbsent(run, this::views);
      double decay = run.decay() ? settings.weightDecay() : 0;
      double[] hyper = {
        learningRate * run.rateScale(),
        settings.beta1(),
        settings.beta2(),
        settings.epsilon(),
        decay,
        step
      };
      try (Tensor constants = runtime.hostDoubles(hyper)) {
        Program.Call call = program.call("adamw");
        call.list(List.of(run.parameters()))
            .list(List.of(run.gradients()))
            .list(List.of(state.first()))
            .list(List.of(state.second()))
            .tensor(constants)
            .invoke();
      }
    }
  }

  private Moments views(Run run) {
    return new Moments(
        scope.own(tensors.view(firstMoment, run.stateOffset(), run.length())),
        scope.own(tensors.view(secondMoment, run.stateOffset(), run.length())));
  }

  @Override
  public List<State> states() {
    return List.of(new State(FIRST_MOMENT, firstMoment), new State(SECOND_MOMENT, secondMoment));
  }

  @Override
  public void close() {
    scope.close();
  }
}
