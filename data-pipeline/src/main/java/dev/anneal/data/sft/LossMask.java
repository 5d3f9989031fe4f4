package dev.anneal.data.sft;

import dev.anneal.core.config.ConfigException;

/** Which part of a conversation is trained on ({@code tokenize.mask}). */
public enum LossMask {
  /** Every turn of the assistant. */
  ALL_TURNS,
  /** The assistant's last turn. */
  LAST_TURN,
  /** Everything, the user's part too. */
  TRAIN_ON_PROMPT;

  /** The mask of a configured name; {@link ConfigException} lists the names. */
  public static LossMask of(String key) {
    return switch (key) {
      case "all_turns" -> ALL_TURNS;
      case "last_turn" -> LAST_TURN;
      case "train_on_prompt" -> TRAIN_ON_PROMPT;
      default ->
          throw new ConfigException(
              "Invalid tokenize.mask: "
                  + key
                  + " (must be one of all_turns, last_turn, train_on_prompt)");
    };
  }
}
