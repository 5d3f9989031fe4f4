package dev.anneal.jobs.train;

import com.sun.management.OperatingSystemMXBean;
import dev.anneal.core.assembly.TrainedParameters;
import dev.anneal.core.config.MemorySize;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.data.BatchPlan;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.model.AutogradHook;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.AdapterAgreement;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.train.MemoryPlan;
import dev.anneal.core.train.StepCalibration;
import dev.anneal.core.train.TrainingSetup;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.inspect.Page;
import dev.anneal.jobs.io.FetchPlan;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.JobResult;
import dev.anneal.jobs.job.SparkJob;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.SparkConf;

/**
 * Says what a training run would need, by the settings of the train job, and refuses what cannot
 * fit. Reads configurations, manifests, headers and row lengths alone, unless {@code
 * plan.calibrate} has it compute; starts no Spark.
 */
public final class PlanJob implements SparkJob {
  /** Below the run's folder, whose own result.json it leaves alone. */
  private static final String FOLDER = "plan";

  @Override
  public String name() {
    return "plan";
  }

  @Override
  public String description() {
    return "memory per rank, steps and tokens of a training run before it starts";
  }

  @Override
  public String outputFolder(AnnealConfig config) {
    String run = config.train().outputDir();
    return run.isEmpty() ? "" : FileStore.join(run, FOLDER);
  }

  @Override
  public JobResult run(JobContext context) throws IOException {
    AnnealConfig config = context.config();
    TrainingSetup setup = TrainingSetup.of(config.training());
    HadoopFileStore store = HadoopFileStore.ofEnvironment();
    FetchPlan fetching = FetchPlan.of(store, config.data());
    boolean calibrate = config.plan().calibrate();
    try (OpenedInputs inputs =
        calibrate
            ? OpenedInputs.open(setup, config.data(), fetching)
            : OpenedInputs.forPlanning(setup, config.data(), fetching)) {
      DecoderConfig model = inputs.model().config();
      inputs
          .adapter()
          .ifPresent(
              adapter ->
                  AdapterAgreement.require(
                      config.adapter(), context.loaded()::isSet, adapter, model));
      Optional<AdapterMethod> method =
          AdapterRegistry.choose(config.adapter(), inputs.adapter(), model);
      setup.requireSupported(method);
      int worldSize = config.distributed().worldSize();
      BatchPlan batches = setup.batchPlan(inputs.train(), worldSize);
      MemoryPlan memory = MemoryPlan.of(setup, inputs.model(), method, inputs.train(), worldSize);
      Page page = new Page(context.out());
      page.title("plan for", config.model().path());
      inputs.model().warnings().forEach(warning -> page.line("warning", warning));
      TrainingSetup.tooLong(method, model, inputs.train())
          .ifPresent(warning -> page.line("warning", warning));
      JobResult result = work(page, setup, inputs, method, batches);
      memory(page, memory);
      requireFits(page, memory, setup);
      if (calibrate) {
        result = time(page, new StepCalibration(setup, inputs.forRank(), worldSize), result);
      }
      return result
          .withCount("memory_per_rank_bytes", memory.estimate().total())
          .withCount("recomputed_layers", memory.recomputed());
    }
  }

  private static JobResult work(
      Page page,
      TrainingSetup setup,
      OpenedInputs inputs,
      Optional<AdapterMethod> method,
      BatchPlan batches) {
    DecoderConfig model = inputs.model().config();
    long trained =
        TrainedParameters.of(model, method).stream().mapToLong(ParameterSpec::elementCount).sum();
    long steps = setup.totalSteps(batches);
    long tokens = inputs.train().tokenCount();
    page.line("parameters", Page.count(model.parameterCount()) + " in the model")
        .line(
            "trained",
            Page.count(trained)
                + " by "
                + method.map(Object::getClass).map(Class::getSimpleName).orElse("full tuning"))
        .line("layer backward", backward(setup, method))
        .line("rows", Page.count(inputs.train().rowCount()) + ", " + Page.count(tokens) + " tokens")
        .line(
            "global batch",
            batches.globalBatch()
                + " rows, about "
                + Page.count(tokens / batches.stepsPerEpoch())
                + " tokens a step")
        .line(
            "steps",
            Page.count(steps)
                + ", "
                + String.format(Locale.ROOT, "%.2f", batches.epochAfter(steps - 1))
                + " epochs");
    return JobResult.ok("planned " + steps + " steps")
        .withCount("parameters", model.parameterCount())
        .withCount("trained_parameters", trained)
        .withCount("steps", steps)
        .withCount("tokens_per_epoch", tokens);
  }

  /** Which program computes a layer's gradients, and why. */
  private static String backward(TrainingSetup setup, Optional<AdapterMethod> method) {
    LayerBackward wanted = setup.model().layerBackward();
    if (AutogradHook.over(method, wanted, setup.precision()).written()) {
      return "written (the method comes down to an effective weight)";
    }
    if (wanted == LayerBackward.AUTOGRAD) {
      return "autograd (model.layer_backward = autograd)";
    }
    return setup.precision().half()
        ? "autograd (the method's backward is not written for 16 bits)"
        : "autograd (the method has no effective weight)";
  }

  private static void memory(Page page, MemoryPlan memory) {
    page.line("largest batch", Page.count(memory.tokens()) + " tokens on a rank")
        .line("recomputed layers", memory.recomputedLayers())
        .line(
            "memory of a rank",
            "about " + Page.bytes(memory.estimate().total()) + " beside the Java heap");
    memory.estimate().byKind().forEach((kind, bytes) -> page.line("  " + kind, Page.bytes(bytes)));
  }

  /** Measured here: the same machine as the run's is the user's matter. */
  private static JobResult time(Page page, StepCalibration calibration, JobResult planned) {
    StepCalibration.StepTime step = calibration.measure();
    long steps = planned.counts().get("steps").longValue();
    page.line(
            "a step here",
            String.format(
                Locale.ROOT,
                "%.2f s: %d x %.3f s of forward and backward, %.3f s of update",
                step.seconds(),
                step.accumulationSteps(),
                step.microBatchSeconds(),
                step.updateSeconds()))
        .line(
            "speed here",
            Page.count(Math.round(step.tokensPerSecond()))
                + " tokens/s of all ranks, without what they send each other")
        .line("the run here", "about " + duration(steps * step.seconds()))
        .line(
            "memory here", "grew by " + Page.bytes(step.grownBytes()) + ", the Java heap included");
    return planned
        .withCount("step_milliseconds", Math.round(1e3 * step.seconds()))
        .withCount("tokens_per_second", Math.round(step.tokensPerSecond()))
        .withCount("measured_growth_bytes", step.grownBytes());
  }

  private static String duration(double seconds) {
    return seconds < 90
        ? Math.round(seconds) + " s"
        : seconds < 5400
            ? Math.round(seconds / 60) + " min"
            : String.format(Locale.ROOT, "%.1f h", seconds / 3600);
  }

  /** By the budget, or where the ranks share this host, by their part of it. */
  private static void requireFits(Page page, MemoryPlan memory, TrainingSetup setup) {
    MemorySize budget = setup.distributed().memoryPerRank();
    if (budget.bounded()) {
      memory.requireFits(budget, "distributed.memory_per_rank", setup);
      page.line("budget", budget + " (distributed.memory_per_rank): fits");
    } else if (new SparkConf().get("spark.master", "local").startsWith("local")) {
      OperatingSystemMXBean host = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
      int ranks = setup.distributed().worldSize();
      MemorySize part = new MemorySize(host.getTotalMemorySize() / ranks);
      memory.requireFits(part, "this host's memory over its ranks, " + ranks, setup);
      page.line("budget", part + " (this host's memory over its ranks): fits");
    } else {
      page.line("budget", "unknown on a cluster (set distributed.memory_per_rank): not checked");
    }
  }
}
