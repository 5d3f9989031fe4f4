package dev.anneal.core.config;

import java.io.Serializable;
import java.time.Duration;

/**
 * The training loop, by TrainingArguments' names. Immutable.
 *
 * @param outputDir folder of the run; empty when the job needs none
 * @param maxSteps optimizer steps, or -1 to train {@code numTrainEpochs}
 * @param warmupSteps steps, or below 1 a share of all steps
 * @param maxGradNorm global norm to clip to; 0 switches clipping off
 * @param evalSteps steps between evaluations; 0 evaluates at the end only
 * @param saveSteps steps between checkpoints; 0 saves at the end only
 * @param saveTotalLimit checkpoints kept; 0 keeps all
 * @param groupByLength AUTO: shuffled rows that are single samples of different lengths
 * @param fp16 products in fp16, with a loss scale
 * @param neftuneNoiseAlpha noise on the embeddings; 0 is none
 * @param stopGraceSeconds from SIGTERM until the process ends, whether the step is saved or not
 */
public record TrainConfig(
    String outputDir,
    long seed,
    int maxSteps,
    double numTrainEpochs,
    int perDeviceTrainBatchSize,
    int perDeviceEvalBatchSize,
    int gradientAccumulationSteps,
    double learningRate,
    LrSchedulerType lrSchedulerType,
    double warmupSteps,
    double weightDecay,
    double maxGradNorm,
    int loggingSteps,
    int evalSteps,
    int saveSteps,
    int saveTotalLimit,
    boolean shuffle,
    GroupByLength groupByLength,
    GradientCheckpointing gradientCheckpointing,
    Bf16 bf16,
    boolean fp16,
    double neftuneNoiseAlpha,
    Resume resumeFromCheckpoint,
    int stopGraceSeconds,
    SamplesConfig samples)
    implements Serializable {

  /** Shape of the learning rate over the steps. */
  public enum LrSchedulerType {
    LINEAR,
    COSINE,
    CONSTANT,
    CONSTANT_WITH_WARMUP
  }

  /** Which layers are computed twice instead of keeping their activations. */
  public enum GradientCheckpointing {
    /** None. */
    FALSE,
    /** All. */
    TRUE,
    /** As many, from the lowest, as distributed.memory_per_rank asks for. */
    AUTO
  }

  /** Mixed precision; AUTO is off on a CPU and on on a GPU. */
  public enum Bf16 {
    AUTO,
    TRUE,
    FALSE
  }

  /** Whether a global batch is made of rows of about one length. */
  public enum GroupByLength {
    AUTO,
    TRUE,
    FALSE
  }

  public TrainConfig {
    Rule.check(
        maxSteps == -1 || maxSteps > 0,
        "train.max_steps",
        maxSteps,
        "must be > 0, or -1 for epochs");
    Rule.positive("train.num_train_epochs", numTrainEpochs);
    Rule.positive("train.per_device_train_batch_size", perDeviceTrainBatchSize);
    Rule.positive("train.per_device_eval_batch_size", perDeviceEvalBatchSize);
    Rule.positive("train.gradient_accumulation_steps", gradientAccumulationSteps);
    Rule.positive("train.learning_rate", learningRate);
    Rule.notNegative("train.warmup_steps", warmupSteps);
    Rule.notNegative("train.weight_decay", weightDecay);
    Rule.notNegative("train.max_grad_norm", maxGradNorm);
    Rule.positive("train.logging_steps", loggingSteps);
    Rule.notNegative("train.eval_steps", evalSteps);
    Rule.notNegative("train.save_steps", saveSteps);
    Rule.notNegative("train.save_total_limit", saveTotalLimit);
    Rule.notNegative("train.neftune_noise_alpha", neftuneNoiseAlpha);
    Rule.positive("train.stop_grace_seconds", stopGraceSeconds);
    Rule.check(
        !fp16 || bf16 != Bf16.TRUE, "train.fp16", "true", "must be false with train.bf16 = true");
    Rule.check(
        shuffle || groupByLength != GroupByLength.TRUE,
        "train.group_by_length",
        "true",
        "must be auto or false with train.shuffle = false, whose order is that of the rows");
  }

  /** The folder of the run, or the error that names the missing key. */
  public String requireOutputDir() {
    return Rule.required("train.output_dir", outputDir);
  }

  /** The same loop in another folder. */
  public TrainConfig in(String folder) {
    return new TrainConfig(
        folder,
        seed,
        maxSteps,
        numTrainEpochs,
        perDeviceTrainBatchSize,
        perDeviceEvalBatchSize,
        gradientAccumulationSteps,
        learningRate,
        lrSchedulerType,
        warmupSteps,
        weightDecay,
        maxGradNorm,
        loggingSteps,
        evalSteps,
        saveSteps,
        saveTotalLimit,
        shuffle,
        groupByLength,
        gradientCheckpointing,
        bf16,
        fp16,
        neftuneNoiseAlpha,
        resumeFromCheckpoint,
        stopGraceSeconds,
        samples);
  }

  public Duration stopGrace() {
    return Duration.ofSeconds(stopGraceSeconds);
  }

  /** Rows of one optimizer step over all ranks. */
  public long globalBatchSize(int worldSize) {
    return (long) perDeviceTrainBatchSize * gradientAccumulationSteps * worldSize;
  }

  /** Warmup in whole steps of a run of {@code totalSteps}, as TrainingArguments rounds it. */
  public int warmupStepsOf(int totalSteps) {
    return warmupSteps >= 1 ? (int) warmupSteps : (int) Math.ceil(totalSteps * warmupSteps);
  }
}
