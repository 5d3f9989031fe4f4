package dev.anneal.jobs.train;

import dev.anneal.core.assembly.TrainedParameters;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.config.TrainConfig;
import dev.anneal.core.data.BatchPlan;
import dev.anneal.core.format.Shape;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.model.AutogradHook;
import dev.anneal.core.model.LinearHook;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.peft.AdapterConfigJson;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.run.RunFolder;
import dev.anneal.core.train.MemoryPlan;
import dev.anneal.core.train.RunProduct;
import dev.anneal.core.train.TrainingSetup;
import dev.anneal.jobs.config.AnnealConfig;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the driver knows of a run before any rank starts: its length, its trained parameters, and
 * what must agree when it is resumed. Immutable.
 */
record RunFacts(
    DecoderConfig config,
    BatchPlan batches,
    long totalSteps,
    Map<String, Shape> parameters,
    Map<String, String> fingerprint,
    MemoryPlan memory,
    boolean adapter,
    String modelHash,
    List<String> dataHashes) {
  private static final Logger LOG = LoggerFactory.getLogger(RunFacts.class);

  static RunFacts of(AnnealConfig config, OpenedInputs inputs, InputHashes hashes) {
    TrainingSetup setup = TrainingSetup.of(config.training());
    BatchPlan batches = setup.batchPlan(inputs.train(), config.distributed().worldSize());
    long totalSteps = setup.totalSteps(batches);
    DecoderConfig model = inputs.model().config();
    Optional<AdapterMethod> method =
        AdapterRegistry.choose(config.adapter(), inputs.adapter(), model);
    setup.requireSupported(method);
    TrainingSetup.tooLong(method, model, inputs.train()).ifPresent(LOG::warn);
    method
        .filter(own -> own.mergeSource().isPresent())
        .flatMap(own -> own.unmergeable(new DecoderLayout(AdapterMethod.config(model, method))))
        .ifPresent(reason -> LOG.warn("adapter mergeable=false reason=\"{}\"", reason));
    int worldSize = config.distributed().worldSize();
    MemoryPlan memory = MemoryPlan.of(setup, inputs.model(), method, inputs.train(), worldSize);
    memory.requireFits(config.distributed().memoryPerRank(), "distributed.memory_per_rank", setup);
    Map<String, Shape> parameters = new LinkedHashMap<>();
    TrainedParameters.of(model, method).forEach(spec -> parameters.put(spec.name(), spec.shape()));
    Map<String, String> fingerprint = fingerprint(config, batches, totalSteps);
    fingerprint.put("model", hashes.model());
    fingerprint.put("layer backward", layerBackward(setup, method));
    if (setup.precision().half()) {
      fingerprint.put("arithmetic", setup.precision().label());
    }
    if (config.model().resizeTokenEmbeddings() > 0) {
      fingerprint.put("token embeddings", String.valueOf(model.vocabSize()));
      warnOfUntrainedRows(parameters);
    }
    if (config.model().frozenStorage().fourBit()) {
      fingerprint.put("frozen weights", frozenWeights(config.model()));
    }
    fingerprint.put("data.train", String.join(" ", hashes.data()));
    method.ifPresent(adapter -> fingerprint.put("adapter", adapter.fingerprint()));
    return new RunFacts(
        model,
        batches,
        totalSteps,
        parameters,
        fingerprint,
        memory,
        RunProduct.isAdapter(method),
        hashes.model(),
        hashes.data());
  }

  private static void warnOfUntrainedRows(Map<String, Shape> trained) {
    if (!trained.containsKey(WeightNames.EMBED_TOKENS)) {
      LOG.warn(
          "model.resize_token_embeddings: the new rows are not trained whole"
              + " (adapter.modules_to_save = [embed_tokens, lm_head] trains and saves them)");
    }
  }

  /** Which program computes a layer's gradients; both give them, to rounding. */
  private static String layerBackward(TrainingSetup setup, Optional<AdapterMethod> method) {
    LinearHook hook = AutogradHook.over(method, setup.model().layerBackward(), setup.precision());
    return hook.written() ? "written" : "autograd";
  }

  /** Rounded to 4 bits they are others; all other storages give the same bits. */
  private static String frozenWeights(ModelConfig model) {
    String type = model.frozenStorage().name().toLowerCase(Locale.ROOT);
    return model.doubleQuantisation() ? type + ", double quantisation" : type;
  }

  String layerBackward() {
    return fingerprint.get("layer backward");
  }

  private static Map<String, String> fingerprint(
      AnnealConfig config, BatchPlan batches, long totalSteps) {
    TrainConfig train = config.train();
    Map<String, String> settings = new TreeMap<>();
    settings.put("global batch (rows)", String.valueOf(batches.globalBatch()));
    settings.put("steps of the run", String.valueOf(totalSteps));
    settings.put("train.seed", String.valueOf(train.seed()));
    settings.put("train.shuffle", String.valueOf(train.shuffle()));
    settings.put("train.group_by_length", String.valueOf(batches.groupedByLength()));
    settings.put("train.learning_rate", String.valueOf(train.learningRate()));
    settings.put("train.lr_scheduler_type", String.valueOf(train.lrSchedulerType()));
    settings.put("train.warmup_steps", String.valueOf(train.warmupSteps()));
    settings.put("train.weight_decay", String.valueOf(train.weightDecay()));
    settings.put("train.max_grad_norm", String.valueOf(train.maxGradNorm()));
    settings.put("train.neftune_noise_alpha", String.valueOf(train.neftuneNoiseAlpha()));
    settings.put("optimizer", config.optimizer().toString());
    return settings;
  }

  RunRecorder.Contents contents(AnnealConfig settings) {
    return new RunRecorder.Contents(
        parameters,
        fingerprint,
        batches,
        settings.train().seed(),
        settings.train().saveTotalLimit());
  }

  /** Whether the adapter or model of a run that reached its last step is there. */
  boolean finished(FileStore store, RunFolder folder) throws IOException {
    String last = adapter ? AdapterConfigJson.FILE : "config.json";
    String product = folder.child(adapter ? RunProduct.ADAPTER : RunProduct.MODEL);
    return store.exists(FileStore.join(product, last));
  }

  long trainableParameters() {
    return parameters.values().stream().mapToLong(Shape::elements).sum();
  }
}
