package dev.anneal.core.zero;

/**
 * A run of a rank's partition to which weight decay applies, or not. Immutable.
 *
 * @param partitionOffset first value within the rank's partition
 * @param length number of values, at least 1
 */
public record DecaySegment(long partitionOffset, long length, boolean decays) {}
