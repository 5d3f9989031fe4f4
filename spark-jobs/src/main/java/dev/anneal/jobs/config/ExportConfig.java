package dev.anneal.jobs.config;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.config.Rule;
import dev.anneal.core.export.Combination;
import java.io.Serializable;
import java.util.List;

/**
 * What the export job writes. Immutable.
 *
 * @param output folder to write
 * @param format MODEL merges the adapter into a Hugging Face model folder; ADAPTER writes a PEFT
 *     folder
 * @param checkpoint a checkpoint of a run to convert; empty takes {@code adapter.path}
 * @param adapters LoRA adapters to combine to one; empty exports one adapter or checkpoint
 * @param combinationType how they are combined
 * @param svdRank rank of the combination by singular values; 0 takes the largest of the adapters
 * @param maxShardMb largest weight file before the weights are split
 * @param verify compare the logits of what was written with those of what was read
 */
public record ExportConfig(
    String output,
    Format format,
    String checkpoint,
    List<WeightedAdapter> adapters,
    Combination combinationType,
    int svdRank,
    ModelConfig.Dtype dtype,
    int maxShardMb,
    boolean verify)
    implements Serializable {

  /** Kind of folder written. */
  public enum Format {
    MODEL,
    ADAPTER
  }

  /** An adapter folder, and what its change is multiplied by. */
  @ElementDefaults("path = \"\", weight = 1.0")
  public record WeightedAdapter(String path, double weight) implements Serializable {
    public WeightedAdapter {
      Rule.check(!path.isBlank(), "export.adapters", "\"\"", "must name a folder by path");
      Rule.check(
          Double.isFinite(weight) && weight != 0,
          "export.adapters",
          weight,
          "the weight of " + path + " must be a number and not 0: leave the adapter out");
    }
  }

  public ExportConfig {
    adapters = List.copyOf(adapters);
    Rule.notNegative("export.svd_rank", svdRank);
    if (svdRank > 0 && (combinationType != Combination.SVD || adapters.size() < 2)) {
      throw new ConfigException(
          "Invalid export.svd_rank: "
              + svdRank
              + " (has no effect without export.combination_type = svd and several export.adapters)");
    }
    if (adapters.isEmpty() && combinationType != Combination.SVD) {
      throw new ConfigException(
          "Invalid export.combination_type: "
              + combinationType
              + " (has no effect without export.adapters)");
    }
    if (!adapters.isEmpty() && !checkpoint.isEmpty()) {
      throw new ConfigException(
          "Invalid export.checkpoint: " + checkpoint + " (not with export.adapters)");
    }
    Rule.positive("export.max_shard_mb", maxShardMb);
  }

  /** The folder, or the error that names the missing key. */
  public String requireOutput() {
    return Rule.required("export.output", output);
  }
}
