package dev.anneal.data.sft;

import dev.anneal.core.config.ConfigException;

/** How conversations become rows. */
public record SftOptions(int blockSize, LossMask mask, Overlong overlong) {
  public SftOptions {
    if (blockSize <= 0) {
      throw new ConfigException("Invalid tokenize.block_size: " + blockSize + " (must be > 0)");
    }
  }
}
