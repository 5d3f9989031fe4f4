package dev.anneal.core.train;

/**
 * What the loop itself needs to know.
 *
 * @param totalSteps optimizer steps of the whole run
 * @param accumulationSteps micro-batches of a rank in one step
 * @param maxGradNorm 0 for no clipping
 */
public record LoopSettings(long totalSteps, int accumulationSteps, double maxGradNorm) {}
