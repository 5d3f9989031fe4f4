package dev.anneal.core.run;

import java.time.Duration;
import java.util.List;

/**
 * What one training was told to do and what it came to.
 *
 * @param model path or name of the model it began with
 * @param architecture in a few words, as {@code Qwen2, 4 layers, hidden 256, vocabulary 4096}
 * @param method what is trained, as {@code LoRA r=16, alpha=32 on 28 linears} or {@code full}
 * @param data shard folders in order
 * @param maxSteps what the run was to reach
 * @param globalBatchRows rows of one optimizer step over all ranks
 * @param elapsed wall time of this process's part of the training
 */
public record TrainingFacts(
    String model,
    String architecture,
    long parameters,
    long trainableParameters,
    String method,
    List<String> data,
    long maxSteps,
    long globalBatchRows,
    int worldSize,
    int zeroStage,
    String backend,
    String computeType,
    long seed,
    Duration elapsed) {
  public TrainingFacts {
    data = List.copyOf(data);
  }
}
