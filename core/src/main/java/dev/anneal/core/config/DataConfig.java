package dev.anneal.core.config;

import java.io.Serializable;
import java.util.List;

/**
 * Shard folders to read. Immutable.
 *
 * @param train folders of training rows, in order
 * @param eval folders of evaluation rows, in order
 * @param allowForeign accept a save_to_disk folder without our manifest
 * @param cacheMb most MiB of shards of elsewhere that a host keeps, 0 for what its disks have
 */
public record DataConfig(List<String> train, List<String> eval, boolean allowForeign, int cacheMb)
    implements Serializable {
  public DataConfig {
    train = List.copyOf(train);
    eval = List.copyOf(eval);
    Rule.noBlank("data.train", train);
    Rule.noBlank("data.eval", eval);
    Rule.notNegative("data.cache_mb", cacheMb);
  }

  /** The training folders, or the error that names the missing key. */
  public List<String> requireTrain() {
    Rule.required("data.train", String.join("", train));
    return train;
  }

  /** The evaluation folders, or the error that names the missing key. */
  public List<String> requireEval() {
    Rule.required("data.eval", String.join("", eval));
    return eval;
  }
}
