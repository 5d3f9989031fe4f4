package dev.anneal.jobs.job;

/**
 * A shorter way to write a setting on the command line of a job.
 *
 * @param name as it is typed, with its dashes
 * @param key of the setting
 * @param parameter what stands behind it in the help; empty for a switch that sets true
 */
public record JobFlag(String name, String key, String parameter, String description) {
  /** The setting that a given flag means. */
  public String setting(String value) {
    return key + "=" + (parameter.isEmpty() ? "true" : value);
  }
}
