package dev.anneal.core.zero;

/**
 * A run of one parameter that one rank owns. Immutable.
 *
 * @param parameter its name
 * @param parameterOffset first value within the parameter, row-major
 * @param length number of values, at least 1
 * @param partitionOffset first value within the rank's partition
 */
public record OwnedSlice(
    String parameter, long parameterOffset, long length, long partitionOffset) {}
