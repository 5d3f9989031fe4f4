package dev.anneal.jobs.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;

/**
 * What the inspect job describes. Immutable.
 *
 * @param path a shard, checkpoint, adapter, model or run folder
 * @param rows rows of a shard folder to print
 */
public record InspectConfig(String path, int rows) implements Serializable {
  public InspectConfig {
    Rule.notNegative("inspect.rows", rows);
  }

  /** The folder, or the error that names the missing key. */
  public String requirePath() {
    return Rule.required("inspect.path", path);
  }
}
