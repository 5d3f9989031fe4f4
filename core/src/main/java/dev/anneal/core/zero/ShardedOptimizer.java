package dev.anneal.core.zero;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.model.FlatParameters;
import dev.anneal.core.model.gradients.GradientSink;
import dev.anneal.core.model.gradients.GradientWalk;
import dev.anneal.core.optim.Optimizer;
import dev.anneal.core.optim.OptimizerProgram;
import dev.anneal.core.optim.OwnedState;
import dev.anneal.core.optim.StepRule;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One optimizer step over all ranks: sum gradients, divide by the global count of targets, clip by
 * the global norm, update what this rank owns, share the result. ZeRO stage 0 keeps every shard on
 * every rank; stage 1 (Rajbhandari et al., 2020, arXiv 1910.02054) one shard of the optimizer's
 * states a rank, and stage 2 of the summed gradients too. All add in the same order, so their
 * gradients agree bit for bit. Owns its views, what is on its way, and the optimizer.
 */
public final class ShardedOptimizer implements AutoCloseable {
  private final PartitionPlan plan;
  private final FlatParameters parameters;
  private final Collective collective;
  private final ZeroStage stage;
  private final OptimizerProgram program;
  private final Optimizer optimizer;
  private final Rule rule;
  private final GradientReduction reduction;
  private final Optional<OwnedState> owned;
  private final TensorScope scope = new TensorScope();

  /** Runs of elements by the rank that owns them; empty for ranks whose shards live elsewhere. */
  private final List<List<Optimizer.Run>> runs = new ArrayList<>();

  /**
   * What a method does around the update.
   *
   * @param states what it keeps, {@link #stateLength} elements each
   */
  public record Rule(StepRule rule, List<Optimizer.State> states) implements AutoCloseable {
    public static final Rule NONE = new Rule(StepRule.NONE, List.of());

    public Rule {
      states = List.copyOf(states);
    }

    /** With states of zeros; the caller owns it. */
    public static Rule open(TensorRuntime runtime, StepRule rule, long stateLength) {
      return new Rule(
          rule,
          rule.states().stream()
              .map(name -> new Optimizer.State(name, runtime.zeros(stateLength)))
              .toList());
    }

    @Override
    public void close() {
      rule.close();
      states.forEach(state -> state.values().close());
    }
  }

  /** With nothing around the update. */
  public ShardedOptimizer(
      PartitionPlan plan,
      ZeroStage stage,
      FlatParameters parameters,
      TensorProgram tensors,
      OptimizerProgram program,
      Optimizer optimizer,
      Collective collective) {
    this(plan, stage, parameters, tensors, program, optimizer, Rule.NONE, collective);
  }

  /** Takes ownership of optimizer and rule, whose states have {@link #stateLength} elements. */
  public ShardedOptimizer(
      PartitionPlan plan,
      ZeroStage stage,
      FlatParameters parameters,
      TensorProgram tensors,
      OptimizerProgram program,
      Optimizer optimizer,
      Rule rule,
      Collective collective) {
    this.plan = plan;
    this.stage = stage;
    this.parameters = parameters;
    this.program = program;
    this.optimizer = optimizer;
    this.rule = rule;
    this.collective = collective;
    this.reduction = new GradientReduction(plan, stage, parameters.gradientBuffers(), collective);
    for (int rank = 0; rank < plan.worldSize(); rank++) {
      runs.add(owns(rank) ? views(tensors, rank) : List.of());
    }
    this.owned =
        parameters.gradientBuffers().byBucket() ? Optional.empty() : Optional.of(ownedNow());
  }

  private OwnedState owned() {
    return owned.orElseGet(this::ownedNow);
  }

  /** Where gradients come and go, with them where they lie now. */
  private OwnedState ownedNow() {
    List<List<OwnedState.Piece>> shards = new ArrayList<>();
    for (int rank = 0; rank < plan.worldSize(); rank++) {
      if (owns(rank)) {
        shards.add(plan.slices(rank).stream().map(this::piece).toList());
      }
    }
    return new OwnedState(shards, sharded(), parameters::value);
  }

  private OwnedState.Piece piece(PartitionPlan.Slice slice) {
    long at = stage == ZeroStage.REPLICATED ? slice.flatOffset() : slice.shardOffset();
    return new OwnedState.Piece(
        slice.parameter(),
        slice.parameterOffset(),
        parameters.values().region().slice(slice.flatOffset(), slice.length()),
        parameters.gradientBuffers().region(slice.flatOffset(), slice.length()),
        rule.states().stream()
            .map(state -> state.values().region().slice(at, slice.length()))
            .toList());
  }

  /** Elements of optimizer state on a rank. */
  public static long stateLength(PartitionPlan plan, ZeroStage stage) {
    return stage == ZeroStage.REPLICATED ? plan.length() : plan.shardLength();
  }

  private boolean sharded() {
    return stage != ZeroStage.REPLICATED && plan.worldSize() > 1;
  }

  private boolean owns(int rank) {
    return stage == ZeroStage.REPLICATED || rank == collective.rank();
  }

  private List<Optimizer.Run> views(TensorProgram tensors, int rank) {
    List<Optimizer.Run> views = new ArrayList<>();
    for (StateRun run : StateRun.of(plan, stage, rank)) {
      views.add(
          new Optimizer.Run(
              scope.own(tensors.view(parameters.values(), run.flatOffset(), run.length())),
              parameters.gradientBuffers().handle(run.flatOffset(), run.length()),
              run.stateOffset(),
              run.length(),
              run.decay(),
              run.rateScale()));
    }
    return views;
  }

  /**
   * What hears of a micro-batch's backward.
   *
   * @param walk of the model
   * @param last whether it is the last of the step on this rank: sums then start to travel
   */
  public GradientSink sink(GradientWalk walk, boolean last) {
    return reduction.sink(walk, last);
  }

  /**
   * Until the gradients of all ranks are summed. Starts what no backward has started, on every
   * rank: one may have had no targets.
   */
  public void reduceGradients() {
    reduction.finish();
  }

  /** What the sums took since the last call. */
  public GradientReduction.Times takeReductionTimes() {
    return reduction.takeTimes();
  }

  /**
   * After a failure of this rank: tells the others if sums are under way, which need this rank, and
   * returns when nothing reads its gradients any more.
   */
  public void abandon(Throwable failure) {
    reduction.abandon(failure);
  }

  /**
   * Adds the gradients of the method's regulariser to the sums.
   *
   * @param denominator what the sums will be divided by
   * @return its value
   */
  public double regularise(double denominator) {
    return rule.rule().addGradients(owned(), denominator);
  }

  /**
   * Divides the summed gradients and clips them.
   *
   * @param denominator the global count of targets, times the factor of the gradients
   * @param maxGradNorm 0 for no clipping
   * @return the global norm before clipping
   */
  public double normaliseAndClip(double denominator, double maxGradNorm) {
    double[] squares = new double[plan.worldSize()];
    for (int rank = 0; rank < squares.length; rank++) {
      squares[rank] = program.squareSum(gradients(rank));
    }
    if (sharded()) {
      squares = collective.allReduceSum(squares);
    }
    double total = 0;
    for (double square : squares) {
      total += square;
    }
    double norm = Math.sqrt(total) / denominator;
    double clip = maxGradNorm > 0 ? Math.min(1, maxGradNorm / (norm + 1e-6)) : 1;
    for (int rank = 0; rank < squares.length; rank++) {
      program.scale(gradients(rank), clip / denominator);
    }
    return norm;
  }

  private List<Tensor> gradients(int rank) {
    return runs.get(rank).stream().map(Optimizer.Run::gradients).toList();
  }

  /** Updates the parameters that this rank owns and gathers the others'; {@code step} from 1. */
  public void step(double learningRate, long step) {
    for (List<Optimizer.Run> shard : runs) {
      optimizer.step(shard, learningRate, step);
    }
    rule.rule().afterUpdate(step - 1, owned(), collective);
    reduction.free();
    if (sharded()) {
      FloatRegion values = parameters.values().region();
      for (PartitionPlan.Bucket bucket : plan.buckets()) {
        collective.allGather(values.slice(bucket.offset(), bucket.length()));
      }
    }
  }

  /** The optimizer's states and the rule's; borrowed. */
  public List<Optimizer.State> states() {
    List<Optimizer.State> states = new ArrayList<>(optimizer.states());
    states.addAll(rule.states());
    return states;
  }

  @Override
  public void close() {
    reduction.abandon(new IllegalStateException("the optimizer was closed in a step"));
    optimizer.close();
    rule.close();
    scope.close();
  }
}
