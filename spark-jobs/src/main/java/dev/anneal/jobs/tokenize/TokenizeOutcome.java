package dev.anneal.jobs.tokenize;

import dev.anneal.core.data.ShardManifest;

/**
 * What a tokenize run ended with.
 *
 * @param manifest of the finished folder
 * @param upToDate true when nothing was to be done
 * @param badRows rows that were set aside in this run
 * @param reportPath where all counts stand
 */
public record TokenizeOutcome(
    ShardManifest manifest, boolean upToDate, long badRows, String reportPath) {}
