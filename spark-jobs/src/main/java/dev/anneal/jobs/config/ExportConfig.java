package dev.anneal.jobs.config;

import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.config.Rule;
import java.io.Serializable;

/**
 * What the export job writes. Immutable.
 *
 * @param output folder to write
 * @param format MODEL merges the adapter into a Hugging Face model folder; ADAPTER writes a PEFT
 *     folder
 * @param checkpoint a checkpoint of a run to convert; empty takes {@code adapter.path}
 * @param maxShardMb largest weight file before the weights are split
 * @param verify compare the logits of what was written with those of what was read
 */
public record ExportConfig(
    String output,
    Format format,
    String checkpoint,
    ModelConfig.Dtype dtype,
    int maxShardMb,
    boolean verify)
    implements Serializable {

  /** Kind of folder written. */
  public enum Format {
    MODEL,
    ADAPTER
  }

  public ExportConfig {
    Rule.positive("export.max_shard_mb", maxShardMb);
  }

  /** The folder, or the error that names the missing key. */
  public String requireOutput() {
    return Rule.required("export.output", output);
  }
}
