package dev.anneal.core.config;

import java.io.Serializable;

/**
 * Whether a run goes on from a checkpoint. Immutable.
 *
 * @param mode what to do
 * @param path the checkpoint folder of mode PATH; empty otherwise
 */
public record Resume(Mode mode, String path) implements Serializable {
  /** NEVER refuses a used folder; LATEST needs a checkpoint; AUTO takes one if there is one. */
  public enum Mode {
    NEVER,
    LATEST,
    AUTO,
    PATH
  }

  public Resume {
    Rule.check(
        (mode == Mode.PATH) != path.isBlank(),
        "train.resume_from_checkpoint",
        "\"" + path + "\"",
        "must be false, true, auto or a checkpoint folder");
  }

  /** Reads {@code false}, {@code true}, {@code auto} or a path. */
  public static Resume parse(String text) {
    return switch (text) {
      case "false" -> new Resume(Mode.NEVER, "");
      case "true" -> new Resume(Mode.LATEST, "");
      case "auto" -> new Resume(Mode.AUTO, "");
      default -> new Resume(Mode.PATH, text);
    };
  }
}
