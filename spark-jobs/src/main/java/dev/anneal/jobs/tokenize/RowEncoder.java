package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.InputConfig;

/** Turns the content of a row into tokens. Thread-safe. */
interface RowEncoder {
  /** Never throws for what a row contains: that is {@link EncodedSample.Bad}. */
  EncodedSample encode(byte[] content, InputConfig.Format format);
}
