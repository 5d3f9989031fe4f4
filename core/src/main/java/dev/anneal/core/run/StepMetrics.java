package dev.anneal.core.run;

/**
 * One optimizer step, as one line of {@code metrics.jsonl}.
 *
 * @param step counts from 1
 * @param loss sum of nll ÷ {@code targetTokens} over the global batch before the update
 * @param learningRate what this update used
 * @param gradNorm global norm before clipping
 * @param tokens real tokens of this step, without padding
 * @param targetTokens positions with a loss after the shift
 * @param tokensPerSecond counts {@code tokens}
 * @param epoch fraction of passes over the data after this step
 */
public record StepMetrics(
    long step,
    double loss,
    double learningRate,
    double gradNorm,
    long tokens,
    long targetTokens,
    double tokensPerSecond,
    double epoch,
    double memoryBytes) {}
