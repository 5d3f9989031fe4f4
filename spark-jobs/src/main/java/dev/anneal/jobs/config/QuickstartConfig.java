package dev.anneal.jobs.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;

/**
 * The quickstart job. Immutable.
 *
 * @param sample folder of the shipped sample; the launcher sets it
 * @param output folder of the run
 */
public record QuickstartConfig(String sample, String output) implements Serializable {
  /** The sample's folder, or the error that names the missing key. */
  public String requireSample() {
    return Rule.required("quickstart.sample", sample);
  }

  /** The run's folder, or the error that names the missing key. */
  public String requireOutput() {
    return Rule.required("quickstart.output", output);
  }
}
