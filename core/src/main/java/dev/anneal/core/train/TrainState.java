package dev.anneal.core.train;

/**
 * How far a run is; with the settings this decides all that follows.
 *
 * @param step optimizer steps done
 * @param tokensSeen real tokens of those steps over all ranks
 * @param targetTokensSeen targets of those steps over all ranks
 */
public record TrainState(long step, long tokensSeen, long targetTokensSeen) {
  public static final TrainState START = new TrainState(0, 0, 0);

  TrainState advance(long tokens, long targetTokens) {
    return new TrainState(step + 1, tokensSeen + tokens, targetTokensSeen + targetTokens);
  }
}
