package dev.anneal.jobs.failure;

import java.util.Locale;

/** The class of a job's end, as the exit code of the process and in result.json. */
public enum ExitCode {
  OK(0, "the job did what it was asked"),
  INTERNAL(1, "a defect of Anneal: please report the stack trace"),
  CONFIG(2, "a setting, a path or an output folder to mend; a retry fails again"),
  DATA(3, "input rows, shards or model files that cannot be used; a retry fails again"),
  TRAINING(4, "training went wrong, for example a loss that is not finite; a retry fails again"),
  INFRASTRUCTURE(5, "the cluster, the network or a disk failed; retry with resume = auto"),
  INTERRUPTED(
      6,
      "stopped from outside, a training by SIGTERM with its step saved; retry with resume = auto"
          + " (what a signal ends at once has 128 + its number, and result.json says 6)");

  private final int code;
  private final String meaning;

  ExitCode(int code, String meaning) {
    this.code = code;
    this.meaning = meaning;
  }

  public int code() {
    return code;
  }

  public String meaning() {
    return meaning;
  }

  /** The name in result.json. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
