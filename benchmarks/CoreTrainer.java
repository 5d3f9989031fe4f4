import static java.nio.charset.StandardCharsets.UTF_8;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.local.LocalGroup;
import dev.anneal.core.collective.tcp.TcpCollective;
import dev.anneal.core.collective.tcp.TcpEndpoint;
import dev.anneal.core.collective.tcp.TcpTimeouts;
import dev.anneal.core.config.TrainConfig;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.data.BatchPlan;
import dev.anneal.core.data.EpochOrder;
import dev.anneal.core.data.ShardOptions;
import dev.anneal.core.data.ShardSet;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.config.Precision;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.net.GroupIdentity;
import dev.anneal.core.optim.AdamW;
import dev.anneal.core.optim.LearningRateSchedule;
import dev.anneal.core.optim.OptimizerProgram;
import dev.anneal.core.optim.StepRule;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.run.StepMetrics;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.train.LoopSettings;
import dev.anneal.core.train.MemoryGivenBack;
import dev.anneal.core.train.ReplicatedModel;
import dev.anneal.core.train.RowMicroBatches;
import dev.anneal.core.train.TrainState;
import dev.anneal.core.train.TrainingLoop;
import dev.anneal.core.zero.ShardedOptimizer;
import dev.anneal.core.zero.ZeroStage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;


/**
 * The trainer without Spark, one rank: {@code java -cp CLASSES CoreTrainer -s key=value ...} with
 * the keys of {@code bin/anneal train}. Prints {@code STEP loss seconds liveTensors tokens
 * residentBytes waitSeconds reduceSeconds hiddenSeconds} a step. With {@code -Danneal.rank=N} it is one rank of
 * several: prints {@code ADDRESS host:port} first and reads every rank's address as one line. With
 * {@code -Danneal.profile=FILE} it writes the operations of one step there.
 */
final class CoreTrainer {
  private static final long BUCKET_ELEMENTS = 1L << 22;

  private final TrainingConfig config;

  private CoreTrainer(TrainingConfig config) {
    this.config = config;
  }

  public static void main(String[] arguments) throws IOException {
    List<String> settings = new ArrayList<>(List.of(arguments));
    settings.removeIf("-s"::equals);
    new CoreTrainer(TrainingConfig.of(settings.toArray(String[]::new))).run();
  }

  private void run() throws IOException {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        TimedCollective ranks = new TimedCollective(ranks())) {
      runtime.prepareThread(config.distributed().threadsPerRank());
      int world = ranks.worldSize();
      ZeroStage stage = ZeroStage.of(config.distributed().zeroStage());
      TrainedModel.Layout layout =
          new TrainedModel.Layout(world, BUCKET_ELEMENTS, stage.freesGradients(world));
      try (TrainedModel model = TrainedModel.open(runtime, assembly(), layout);
          OptimizerProgram program = OptimizerProgram.open(runtime, new AdamW.Method());
          TensorProgram tensors = TensorProgram.open(runtime);
          ShardedOptimizer optimizer = optimizer(runtime, model, program, tensors, stage, ranks);
          ReplicatedModel replicas =
              ReplicatedModel.of(runtime, model, config.distributed().threadsPerRank())) {
        loop(runtime, replicas, optimizer, ranks).run(TrainState.START);
      }
    }
  }

  private TrainedModel.Assembly assembly() {
    ModelFolder folder = ModelFolder.open(Path.of(config.model().path()));
    Optional<AdapterFolder> adapter =
        Optional.of(config.adapter().path())
            .filter(path -> !path.isEmpty())
            .map(path -> AdapterFolder.open(Path.of(path)));
    return new TrainedModel.Assembly(
        folder,
        TrainedModel.BaseWeights.PRETRAINED,
        AdapterRegistry.choose(config.adapter(), adapter, folder.config()),
        adapter,
        config.train().seed(),
        true,
        config.train().gradientCheckpointing() == TrainConfig.GradientCheckpointing.TRUE
            ? LayerStorage.RECOMPUTE
            : LayerStorage.KEEP,
        config.model().layerBackward(),
        config.model().frozenStorage(),
        config.model().doubleQuantisation(),
        Precision.of(config.model(), config.train()));
  }

  private ShardedOptimizer optimizer(
      TensorRuntime runtime,
      TrainedModel model,
      OptimizerProgram program,
      TensorProgram tensors,
      ZeroStage stage,
      Collective ranks) {
    AdamW.Settings constants = new AdamW.Settings(0.9, 0.999, 1e-8, 0);
    long length = ShardedOptimizer.stateLength(model.plan(), stage);
    AdamW adamw = new AdamW(runtime, program, tensors, constants, length);
    StepRule rule =
        model
            .adapter()
            .map(method -> method.stepRule(runtime, new DecoderLayout(model.config())))
            .orElse(StepRule.NONE);
    return new ShardedOptimizer(
        model.plan(),
        stage,
        model.parameters(),
        tensors,
        program,
        adamw,
        ShardedOptimizer.Rule.open(runtime, rule, length),
        ranks);
  }

  private TrainingLoop loop(
      TensorRuntime runtime,
      ReplicatedModel model,
      ShardedOptimizer optimizer,
      TimedCollective ranks) {
    TrainConfig train = config.train();
    ShardSet rows =
        ShardSet.open(
            config.data().train().stream().map(Path::of).toList(),
            ShardOptions.of(model.model().config().vocabSize()).withForeign());
    BatchPlan plan =
        new BatchPlan(
            EpochOrder.asStored(rows.rowCount()),
            train.perDeviceTrainBatchSize(),
            train.gradientAccumulationSteps(),
            ranks.worldSize());
    return new TrainingLoop(
        new LoopSettings(train.maxSteps(), train.gradientAccumulationSteps(), train.maxGradNorm()),
        new RowMicroBatches(rows, plan, ranks.rank(), train.seed()),
        model,
        optimizer,
        new LearningRateSchedule(
            train.lrSchedulerType(), train.learningRate(), 0, train.maxSteps()),
        ranks,
        ProfiledStep.around(step -> print(step, runtime, optimizer, ranks)),
        List.of(new MemoryGivenBack()));
  }

  private static void print(
      StepMetrics step,
      TensorRuntime runtime,
      ShardedOptimizer optimizer,
      TimedCollective ranks) {
    System.out.println(
        "STEP "
            + step.loss()
            + " "
            + step.tokens() / step.tokensPerSecond()
            + " "
            + runtime.liveTensors()
            + " "
            + step.tokens()
            + " "
            + (long) step.memoryBytes()
            + " "
            + ranks.takeTimes()
            + " "
            + optimizer.takeReductionTimes().hidden());
  }

  /** This rank alone, or joined with the others over TCP. */
  private static Collective ranks() throws IOException {
    String rank = System.getProperty("anneal.rank", "");
    if (rank.isEmpty()) {
      return LocalGroup.of(1).members().get(0);
    }
    TcpEndpoint endpoint = TcpEndpoint.listen("127.0.0.1", 0, 0);
    System.out.println("ADDRESS " + endpoint.address());
    String addresses = new BufferedReader(new InputStreamReader(System.in, UTF_8)).readLine();
    return TcpCollective.join(
        endpoint,
        List.of(addresses.split(" ")),
        Integer.parseInt(rank),
        new GroupIdentity("benchmark", 0, "not a secret: loopback"),
        new TcpTimeouts(Duration.ofSeconds(60), Duration.ofSeconds(60)));
  }
}
